/**
 * The stream of events. A browser has six connections to one address, so that its pages share one: this file is their
 * shared worker too, where the browser has such.
 */

const EVENTS = ["story", "news", "error"];

/** Opens the stream; returns what ends it. */
function open(hear) {
  const source = new EventSource("/events");
  for (const name of EVENTS) source.addEventListener(name, ({ data }) => hear(name, data));
  return () => source.close();
}

/** Calls `hear` with the name and text of each event, the whole story first; returns what ends that. */
export function listen(hear) {
  if (typeof SharedWorker === "undefined") return open(hear);
  const worker = new SharedWorker("/listen.js", { type: "module" });
  // The run may end while the page is loaded: then there is no worker either.
  worker.onerror = () => hear("error");
  const { port } = worker;
  port.onmessage = ({ data: [name, data] }) => hear(name, data);
  return () => port.postMessage("end");
}

if (typeof SharedWorkerGlobalScope !== "undefined") {
  const ports = new Set();
  let end = () => {};
  self.onconnect = ({ ports: [port] }) => {
    ports.add(port);
    port.onmessage = () => end();
    // A page that is new needs the whole story, which those before it know to take again.
    end();
    end = open((name, data) => {
      for (const one of ports) one.postMessage([name, data]);
    });
  };
}
