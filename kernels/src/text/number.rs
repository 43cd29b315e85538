//! Decimal numbers in text, read as the nearest f32.
//!
//! Those that the nearest f64 does not settle go to the standard library's parser, so every number is rounded once.

use crate::text::decimal::{Decimal, short_decimal};

/// Why a piece of text is no number a network can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotNumber {
    /// It is not a decimal number.
    Text,
    /// It spells an infinity or not-a-number.
    NotFinite,
    /// It is a number too large for 32 bits.
    Overflow,
}

/// Reads a short number at the front of `text`: the value and how many bytes it takes; see [`short_decimal`].
#[inline]
pub fn parse_short(text: &[u8]) -> Option<(f32, usize)> {
    let Decimal { value, end, .. } = short_decimal(text, 0, b'.')?;
    Some((once_rounded(value)?, end))
}

/// The f32 nearest to the number whose nearest f64 is `value`; `None` where that does not tell.
#[inline(always)]
pub fn once_rounded(value: f64) -> Option<f32> {
    // A second rounding can only err where the f64 stands halfway between two f32.
    let halfway = value.to_bits() & ((1 << 29) - 1) == 1 << 28;
    let usual = (1e-37..3e38).contains(&value.abs()) || value == 0.0;
    (usual && !halfway).then_some(value as f32)
}

/// Reads all of `text` as one number, without blanks around it.
///
/// # Errors
/// [`NotNumber`] says what it is instead.
pub fn parse_number(text: &[u8]) -> Result<f32, NotNumber> {
    if let Some((value, taken)) = parse_short(text)
        && taken == text.len()
    {
        return Ok(value);
    }
    let unsigned = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case(b"nan")
        || unsigned.eq_ignore_ascii_case(b"inf")
        || unsigned.eq_ignore_ascii_case(b"infinity")
    {
        return Err(NotNumber::NotFinite);
    }
    if !matches!(unsigned.first(), Some(b'0'..=b'9' | b'.')) {
        return Err(NotNumber::Text);
    }
    let value: f32 = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(NotNumber::Text)?;
    if value.is_finite() { Ok(value) } else { Err(NotNumber::Overflow) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    #[test]
    fn parse_number_equals_the_standard_library_bit_for_bit() {
        let mut stream = Stream::new(5);
        let mut short = 0;
        for _ in 0..200_000 {
            let digits = 1 + stream.below(18) as usize;
            let mut text: String = (0..digits).map(|_| char::from(b'0' + stream.below(10) as u8)).collect();
            text.insert(stream.below(digits as u64 + 1) as usize, '.');
            if stream.below(2) == 0 {
                text.push_str(&format!("e{}", stream.below(50) as i32 - 25));
            }
            if stream.below(3) == 0 {
                text.insert(0, '-');
            }
            let expected: f32 = text.parse().unwrap();
            short += u32::from(parse_short(text.as_bytes()).is_some());
            let expected = if expected.is_finite() { Ok(expected.to_bits()) } else { Err(NotNumber::Overflow) };
            assert_eq!(parse_number(text.as_bytes()).map(f32::to_bits), expected, "{text}");
        }
        assert!(short > 50_000, "the short way is hardly taken: {short}");
    }

    #[test]
    fn parse_number_rounds_halfway_cases_once() {
        for text in ["16777217", "16777217.0000000001", "16777219", "1.000000059604644775390625", "9007199791611905"] {
            let expected: f32 = text.parse().unwrap();
            assert_eq!(parse_number(text.as_bytes()).map(f32::to_bits), Ok(expected.to_bits()), "{text}");
        }
    }

    #[test]
    fn parse_number_takes_the_usual_spellings() {
        let good: [(&str, f32); 9] = [
            ("0", 0.0),
            ("+1", 1.0),
            ("-1.", -1.0),
            (".5", 0.5),
            ("1e3", 1000.0),
            ("8.692932128906250000e-01", 0.869_293_2),
            ("1E-45", 1e-45),
            ("1e-400", 0.0),
            ("00012.50", 12.5),
        ];
        for (text, value) in good {
            assert_eq!(parse_number(text.as_bytes()), Ok(value), "{text}");
        }
    }

    #[test]
    fn parse_number_says_what_it_met_instead() {
        for text in ["", "+", "-", ".", "e5", "1e", "1e+", "0x10", "1,5", "1 2", "--1", "1_000", "\u{ff11}", "1.2.3"] {
            assert_eq!(parse_number(text.as_bytes()), Err(NotNumber::Text), "{text}");
        }
        for text in ["nan", "NaN", "-nan", "inf", "+Inf", "-Infinity"] {
            assert_eq!(parse_number(text.as_bytes()), Err(NotNumber::NotFinite), "{text}");
        }
        for text in ["1e39", "-1e39", "1e99999", "3.5e38"] {
            assert_eq!(parse_number(text.as_bytes()), Err(NotNumber::Overflow), "{text}");
        }
    }
}
