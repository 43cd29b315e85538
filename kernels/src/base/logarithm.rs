//! The natural logarithm by basic arithmetic alone: the same bits on every platform, whatever its mathematical library.

const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
const MANTISSA: u64 = (1 << 52) - 1;

/// 2/3, 2/5, … 2/19.
const COEFFICIENTS: [f64; 9] =
    [2.0 / 3.0, 2.0 / 5.0, 2.0 / 7.0, 2.0 / 9.0, 2.0 / 11.0, 2.0 / 13.0, 2.0 / 15.0, 2.0 / 17.0, 2.0 / 19.0];

/// Natural logarithm of a number above zero, relative error below 1e-15 (absolute, near 1: none but that of the number).
///
/// What lies below the smallest normal number counts as that; infinity and what is no number give themselves.
#[inline]
pub fn ln(value: f64) -> f64 {
    if value.is_nan() || value == f64::INFINITY {
        return value;
    }
    let bits = value.max(f64::MIN_POSITIVE).to_bits();
    // Mantissa in [√½, √2).
    let shifted = bits.wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i64 >> 52) as f64;
    let mantissa = f64::from_bits((shifted & MANTISSA) + SQRT_HALF);
    // ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| ≤ 0.1716: the odd series to s¹⁹.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let series = COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| coefficient + square * sum);
    exponent * std::f64::consts::LN_2 + s * (2.0 + square * series)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    #[test]
    fn ln_agrees_with_the_platform_and_has_fixed_bits() {
        let mut stream = Stream::new(3);
        for _ in 0..100_000 {
            let near_one = 1.0 - stream.unit() * 0.5f64.powi(stream.below(53) as i32);
            let wide = (1.0 - stream.unit()) * 2f64.powi(stream.below(600) as i32 - 300);
            for value in [near_one, wide] {
                let exact = value.ln();
                assert!((ln(value) - exact).abs() <= 1e-15 * exact.abs().max(1e-300), "{value} {exact}");
            }
        }
        assert_eq!(ln(1.0), 0.0);
        assert_eq!(ln(0.0), ln(f64::MIN_POSITIVE));
        assert!(ln(f64::INFINITY) == f64::INFINITY && ln(f64::NAN).is_nan());
        // Computed once; they guard the order of the operations.
        const BITS: [u64; 3] = [0xBFF3_4378_FCBD_A720, 0x3FFF_2272_AE32_5A56, 0xC051_44F6_9FF9_FFC4];
        assert_eq!([ln(0.3), ln(7.0), ln(1e-30)].map(f64::to_bits), BITS);
    }
}
