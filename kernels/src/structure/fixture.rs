//! A layer that owns its arrays, for tests.

use std::collections::HashMap;

use crate::structure::csr::{Connections, validate};
use crate::structure::init::{Initializer, erdos_renyi_count, erdos_renyi_fill, init_values};
use crate::structure::planes::Planes;

/// (row, column) → bits of the weight and of each plane.
pub type Entries = HashMap<(usize, u32), (u32, Vec<u32>)>;

#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub neurons: usize,
    pub indptr: Vec<u32>,
    pub indices: Vec<u32>,
    pub values: Vec<f32>,
    pub planes: Vec<f32>,
    pub count: usize,
}

impl Layer {
    /// A random layer whose planes number their connections, each from its own thousand on.
    pub fn random(inputs: usize, neurons: usize, probability: f64, count: usize) -> Self {
        let mut indptr = vec![0; inputs + 1];
        let nnz = erdos_renyi_count(neurons, probability, 1, 1, 1, &mut indptr).unwrap();
        let (mut indices, mut values) = (vec![0; nnz], vec![0.0; nnz]);
        erdos_renyi_fill(&indptr, neurons, probability, 1, 1, 1, &mut indices).unwrap();
        init_values(&mut values, Initializer::Uniform(1.0), 1, 1, 1).unwrap();
        let planes = (0..count).flat_map(|plane| (1..=nnz).map(move |at| (1000 * plane + at) as f32)).collect();
        Self { neurons, indptr, indices, values, planes, count }
    }

    pub fn view(&mut self) -> Connections<'_> {
        Connections {
            indptr: &mut self.indptr,
            indices: &mut self.indices,
            values: &mut self.values,
            planes: Planes::new(&mut self.planes, self.count).unwrap(),
        }
    }

    pub fn nnz(&self) -> usize {
        *self.indptr.last().unwrap() as usize
    }

    /// Room for `capacity` connections; what is not used holds 7.
    pub fn with_room(mut self, capacity: usize) -> Self {
        let before = self.values.len();
        self.indices.resize(capacity, 7);
        self.values.resize(capacity, 7.0);
        let planes = (0..self.count).flat_map(|plane| {
            let own = self.planes[plane * before..(plane + 1) * before].iter().copied();
            own.chain(std::iter::repeat_n(7.0, capacity - before)).collect::<Vec<_>>()
        });
        self.planes = planes.collect();
        self
    }

    /// What stands in each plane at `at`.
    pub fn state(&self, at: usize) -> Vec<u32> {
        let stride = self.values.len();
        (0..self.count).map(|plane| self.planes[plane * stride + at].to_bits()).collect()
    }

    /// All connections by place, with the structure checked on the way.
    pub fn places(&self) -> Entries {
        let nnz = self.nnz();
        assert_eq!(validate(&self.indptr, &self.indices[..nnz], self.indptr.len() - 1, self.neurons), Ok(()));
        (0..self.indptr.len() - 1)
            .flat_map(|row| (self.indptr[row] as usize..self.indptr[row + 1] as usize).map(move |at| (row, at)))
            .map(|(row, at)| ((row, self.indices[at]), (self.values[at].to_bits(), self.state(at))))
            .collect()
    }

    /// Target, weight and planes of each connection, in order.
    pub fn entries(&self) -> Vec<(u32, u32, Vec<u32>)> {
        (0..self.nnz()).map(|at| (self.indices[at], self.values[at].to_bits(), self.state(at))).collect()
    }
}

pub const SHAPES: [(usize, usize, f64); 12] = [
    (0, 0, 1.0),
    (0, 3, 1.0),
    (3, 0, 1.0),
    (1, 1, 1.0),
    (1, 500, 0.2),
    (500, 1, 0.2),
    (33, 47, 0.0),
    (33, 47, 0.05),
    (33, 47, 1.0),
    (784, 1000, 0.045),
    (3_000, 2_000, 0.05),
    (200_000, 3_000, 0.0004),
];
