//! The optimisers there are: a new one is a variant here, and a file of its own.

use crate::base::status::{Status, ensure};
use crate::network::adam::Adam;
use crate::network::optimizer::Optimizer;
use crate::network::sgd::Sgd;

/// The optimisers there are: what a settings block can ask for.
#[derive(Clone, Copy, Debug)]
pub enum Method {
    /// Stochastic gradient descent that keeps nothing.
    PlainSgd(Sgd<0>),
    /// Stochastic gradient descent with its one plane.
    Sgd(Sgd<1>),
    /// Adam: means of the gradient and of its square.
    Adam(Adam),
}

/// Does `$then` with the optimiser that a method is.
macro_rules! with_optimizer {
    ($method:expr, $optimizer:ident => $then:expr) => {
        match $method {
            Method::PlainSgd($optimizer) => $then,
            Method::Sgd($optimizer) => $then,
            Method::Adam($optimizer) => $then,
        }
    };
}

impl Method {
    /// The method of a settings block: its code, whether state is kept, and numbers of its own.
    ///
    /// # Errors
    /// [`Status::Range`] for an unknown code or a number that is out of range; [`Status::Length`] where there are
    /// not as many numbers as it has settings.
    pub fn from_block(code: f64, planes: usize, update: f64, own: &[f64]) -> Result<Self, Status> {
        let method = match (code as u32, planes) {
            (0, 0) => Self::PlainSgd(Sgd::from_block(own)?),
            (0, 1) => Self::Sgd(Sgd::from_block(own)?),
            (1, 2) => Self::Adam(Adam::from_block(own, update)?),
            _ => return Err(Status::Range),
        };
        ensure(method.planes() == planes, Status::Range)?;
        Ok(method)
    }

    /// Planes it keeps.
    pub fn planes(self) -> usize {
        fn of<O: Optimizer>(_: O) -> usize {
            O::PLANES
        }
        with_optimizer!(self, optimizer => of(optimizer))
    }

    /// Whether gradients may come tile by tile.
    pub fn takes_parts(self) -> bool {
        with_optimizer!(self, optimizer => optimizer.takes_parts())
    }
}

pub(crate) use with_optimizer;
