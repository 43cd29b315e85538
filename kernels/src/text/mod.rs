//! Tables and svmlight files: lines, cells, numbers, names of classes.

pub mod decimal;
pub mod delimited;
pub mod labels;
pub mod lines;
pub mod number;
pub mod svmlight;
pub mod text_rows;
