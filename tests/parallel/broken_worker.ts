/** A module of a worker that fails while it is loaded. @module */
throw new Error("broken on purpose");
