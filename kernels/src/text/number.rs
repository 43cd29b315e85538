//! Decimal numbers in text, read as the nearest f32.
//!
//! Short numbers take one exact multiplication or division (Clinger 1990); all others go to the
//! standard library's parser, so every number is correctly rounded, whichever way it goes.

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

/// Powers of ten that f64 holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// Most digits whose value surely fits 64 bits.
const SAFE_DIGITS: usize = 19;

/// Reads a short number at the front of `text`: the value and how many bytes it takes.
///
/// Returns `None` where there is no number, or one that this way cannot round correctly; the bytes
/// after it are the caller's to judge. Grammar: `[+-] (digits [. digits] | . digits) [e [+-] digits]`.
#[inline]
pub fn parse_short(text: &[u8]) -> Option<(f32, usize)> {
    let mut at = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let negative = at == 1 && text[0] == b'-';
    let mut mantissa = 0u64;
    let first = at;
    while let Some(digit) = digit(text, at) {
        mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
        at += 1;
    }
    let mut digits = at - first;
    let mut exponent = 0i32;
    if text.get(at) == Some(&b'.') {
        let point = at;
        at += 1;
        while let Some(digit) = digit(text, at) {
            mantissa = mantissa.wrapping_mul(10).wrapping_add(digit);
            at += 1;
        }
        let places = at - point - 1;
        digits += places;
        exponent = -i32::try_from(places).ok()?;
    }
    if digits == 0 || digits > SAFE_DIGITS {
        return None;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let (power, end) = exponent_at(text, at + 1)?;
        exponent += power;
        at = end;
    }
    if mantissa == 0 {
        return Some((if negative { -0.0 } else { 0.0 }, at));
    }
    while mantissa >= 1 << 53 && mantissa.is_multiple_of(10) {
        mantissa /= 10;
        exponent += 1;
    }
    if mantissa >= 1 << 53 || exponent.unsigned_abs() > 22 {
        return None;
    }
    let power = TENS[exponent.unsigned_abs() as usize];
    let value = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    // The f64 is correctly rounded; a second rounding can only err where it stands halfway between two f32.
    let halfway = value.to_bits() & ((1 << 29) - 1) == 1 << 28;
    if halfway || !(1e-37..3e38).contains(&value) {
        return None;
    }
    Some((if negative { -value as f32 } else { value as f32 }, at))
}

#[inline]
fn digit(text: &[u8], at: usize) -> Option<u64> {
    let digit = text.get(at)?.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

/// The exponent's digits from `at` on, at most four of them, and where they end.
fn exponent_at(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let negative = text.get(at) == Some(&b'-');
    let first = at + usize::from(matches!(text.get(at), Some(b'+' | b'-')));
    let (mut value, mut end) = (0i32, first);
    while let Some(digit) = digit(text, end) {
        value = value * 10 + digit as i32;
        end += 1;
        if end - first > 4 {
            return None;
        }
    }
    (end > first).then_some((if negative { -value } else { value }, end))
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
