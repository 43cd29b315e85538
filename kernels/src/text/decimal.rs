//! Decimal numbers at a place of a text, read as the nearest f64.
//!
//! Eight digits are read at a time; a short number then takes one exact multiplication or division (Clinger 1990).
//! All others go to the standard library's parser, so every number is correctly rounded, whichever way it goes.

/// A number at a place of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decimal {
    /// The nearest f64.
    pub value: f64,
    /// Offset of the byte after it.
    pub end: usize,
    /// Whether it is spelled with digits (and a sign) only.
    pub plain: bool,
}

/// Powers of ten that f64 holds exactly.
const TENS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

const WHOLE_TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// Powers of ten and the same below zero, so that a sign costs no step after the division.
const SIGNED_TENS: [[f64; 8]; 2] =
    [[1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7], [-1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7]];

/// Most digits whose value surely fits 64 bits.
const SAFE_DIGITS: usize = 19;

/// Eight bytes from `at` on, the first lowest; zeros past the end.
#[inline(always)]
fn eight(text: &[u8], at: usize) -> u64 {
    match text.get(at..at + 8) {
        Some(bytes) => {
            u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
        }
        None => tail(text, at),
    }
}

#[cold]
fn tail(text: &[u8], at: usize) -> u64 {
    text.iter().skip(at).take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte))
}

/// The digits from `at` on, at most eight: their value and how many.
#[inline(always)]
fn eight_digits(text: &[u8], at: usize) -> (u64, usize) {
    let word = eight(text, at) ^ 0x3030_3030_3030_3030;
    let others = (((word & 0x7f7f_7f7f_7f7f_7f7f) + 0x7676_7676_7676_7676) | word) & 0x8080_8080_8080_8080;
    let count = (others.trailing_zeros() >> 3) as usize;
    // The digits move to the top, zeros before them.
    let digits = if count == 0 { 0 } else { word << (64 - 8 * count) };
    (value_of_eight(digits), count)
}

/// The number that eight digits make, the first of them in the lowest byte.
#[inline(always)]
fn value_of_eight(digits: u64) -> u64 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let fours = (pairs & 0x0000_00ff_0000_00ff).wrapping_mul(0x000f_4240_0000_0064);
    let others = (pairs >> 16 & 0x0000_00ff_0000_00ff).wrapping_mul(0x0000_2710_0000_0001);
    fours.wrapping_add(others) >> 32
}

/// Appends the digits from `at` on to `value`, which wraps past [`SAFE_DIGITS`]; the value and where they end.
#[inline(always)]
fn digits(text: &[u8], mut at: usize, value: u64) -> (u64, usize) {
    let (mut low, mut count) = eight_digits(text, at);
    let mut value = value.wrapping_mul(WHOLE_TENS[count]).wrapping_add(low);
    at += count;
    while count == 8 {
        (low, count) = eight_digits(text, at);
        value = value.wrapping_mul(WHOLE_TENS[count]).wrapping_add(low);
        at += count;
    }
    (value, at)
}

/// Reads a short number at `at`, whose decimal point is `mark`.
///
/// Returns `None` where there is no number, or one that this way cannot round correctly; the bytes
/// after it are the caller's to judge. Grammar: `[+-] (digits [. digits] | . digits) [e [+-] digits]`.
#[inline(always)]
pub fn short_decimal(text: &[u8], at: usize, mark: u8) -> Option<Decimal> {
    let sign = *text.get(at)?;
    let first = at + usize::from(sign == b'-' || sign == b'+');
    let (mut mantissa, mut end) = digits(text, first, 0);
    let mut count = end - first;
    let mut exponent = 0;
    let mut next = text.get(end).copied().unwrap_or(0);
    let mut plain = true;
    if next == mark {
        let point = end + 1;
        (mantissa, end) = digits(text, point, mantissa);
        count += end - point;
        exponent = -((end - point) as i32);
        next = text.get(end).copied().unwrap_or(0);
        plain = false;
    }
    if count == 0 || count > SAFE_DIGITS {
        return None;
    }
    if next | 0x20 == b'e' {
        let (power, after) = exponent_at(text, end + 1)?;
        exponent += power;
        end = after;
        plain = false;
    }
    if mantissa >= 1 << 53 {
        while mantissa >= 1 << 53 && mantissa.is_multiple_of(10) {
            mantissa /= 10;
            exponent += 1;
        }
        if mantissa >= 1 << 53 {
            return None;
        }
    }
    if exponent.unsigned_abs() > 22 {
        if mantissa != 0 {
            return None;
        }
        exponent = 0;
    }
    let power = TENS[exponent.unsigned_abs() as usize];
    let value = if exponent < 0 { mantissa as f64 / power } else { mantissa as f64 * power };
    // No branch: signs are hard to foretell.
    let value = f64::from_bits(value.to_bits() | u64::from(sign == b'-') << 63);
    Some(Decimal { value, end, plain })
}

/// Reads `text[start..end]` where it is a number of at most eight characters after its sign, without an exponent.
///
/// All of them are looked at together, so it takes a third of the instructions of [`short_decimal`].
#[inline(always)]
pub fn tiny_decimal(text: &[u8], start: usize, end: usize, mark: u8) -> Option<Decimal> {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let sign = *text.get(start)?;
    let first = start + usize::from(sign == b'-' || sign == b'+');
    let length = end.wrapping_sub(first);
    let bytes = text.get(first..first + 8)?;
    if length.wrapping_sub(1) > 7 {
        return None;
    }
    let word = u64::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]]);
    // The characters move to the top, the last one highest.
    let mut digits = word << (64 - 8 * length);
    let marks = digits ^ (u64::from(mark) * 0x0101_0101_0101_0101);
    let point = !(((marks & LOW) + LOW) | marks | LOW);
    let mut pad = 8 - length;
    let mut places = 0;
    if point != 0 {
        let below = point.trailing_zeros() & !7;
        places = 7 - (below >> 3) as usize;
        // What stands before the point takes its place.
        let before = digits & ((1 << below) - 1);
        digits = digits >> below >> 8 << below << 8 | before << 8;
        pad += 1;
    }
    // One character that is no digit, or none that is one.
    let digits = if pad < 8 { digits | ZEROS & ((1 << (8 * pad)) - 1) } else { return None };
    let digits = digits ^ ZEROS;
    if (((digits & LOW) + 0x7676_7676_7676_7676) | digits) & !LOW != 0 {
        return None;
    }
    let divisor = SIGNED_TENS[usize::from(sign == b'-')][places];
    Some(Decimal { value: value_of_eight(digits) as f64 / divisor, end, plain: point == 0 })
}

/// The exponent's digits from `at` on, at most four of them, and where they end.
fn exponent_at(text: &[u8], at: usize) -> Option<(i32, usize)> {
    let negative = text.get(at) == Some(&b'-');
    let first = at + usize::from(matches!(text.get(at), Some(b'+' | b'-')));
    let (mut value, mut end) = (0i32, first);
    while let Some(digit) = text.get(end).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        value = value * 10 + i32::from(digit);
        end += 1;
        if end - first > 4 {
            return None;
        }
    }
    (end > first).then_some((if negative { -value } else { value }, end))
}

/// Reads all of `text`, without blanks around it, as one finite number whose decimal point is `mark`.
pub fn decimal(text: &[u8], mark: u8) -> Option<Decimal> {
    if let Some(short) = short_decimal(text, 0, mark)
        && short.end == text.len()
    {
        return Some(short);
    }
    let unsigned = text.strip_prefix(b"+").or_else(|| text.strip_prefix(b"-")).unwrap_or(text);
    if !matches!(unsigned.first(), Some(first) if first.is_ascii_digit() || *first == mark) {
        return None;
    }
    let parsed: Option<f64> = if mark == b'.' {
        std::str::from_utf8(text).ok()?.parse().ok()
    } else {
        // A point is no part of such a number.
        if text.contains(&b'.') {
            return None;
        }
        std::str::from_utf8(text).ok()?.replace(char::from(mark), ".").parse().ok()
    };
    let value = parsed.filter(|value| value.is_finite())?;
    Some(Decimal { value, end: text.len(), plain: unsigned.iter().all(u8::is_ascii_digit) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::Stream;

    #[test]
    fn decimal_equals_the_standard_library_bit_for_bit() {
        let mut stream = Stream::new(5);
        let (mut short, mut all_tiny) = (0, 0);
        for _ in 0..200_000 {
            let digits = 1 + stream.below(20) as usize;
            let mut text: String = (0..digits).map(|_| char::from(b'0' + stream.below(10) as u8)).collect();
            if stream.below(4) > 0 {
                text.insert(stream.below(digits as u64 + 1) as usize, '.');
            }
            if stream.below(2) == 0 {
                text.push_str(&format!("e{}", stream.below(50) as i32 - 25));
            }
            if stream.below(3) == 0 {
                text.insert(0, '-');
            }
            let expected: f64 = text.parse().unwrap();
            short += u32::from(short_decimal(text.as_bytes(), 0, b'.').is_some());
            let found = decimal(text.as_bytes(), b'.').map(|number| number.value.to_bits());
            assert_eq!(found, Some(expected.to_bits()), "{text}");
            let german = text.replace('.', ",");
            let padded = format!("{text};       ");
            // −0 too is told from 0.
            let tiny = tiny_decimal(padded.as_bytes(), 0, text.len(), b'.').map(|number| number.value.to_bits());
            assert!(tiny.is_none_or(|tiny| tiny == expected.to_bits()), "{text}");
            all_tiny += u32::from(tiny.is_some());
            assert_eq!(decimal(german.as_bytes(), b',').map(|number| number.value), Some(expected), "{german}");
        }
        assert!(all_tiny > 10_000, "the shortest way is hardly taken: {all_tiny}");
        for text in [".", "-", "", "1.2.3", "1-2", "12a", "1e5", "+.", "..", "--1", "        "] {
            assert_eq!(tiny_decimal(format!("{text};         ").as_bytes(), 0, text.len(), b'.'), None, "{text}");
        }
        assert!(short > 50_000, "the short way is hardly taken: {short}");
    }

    #[test]
    fn short_decimal_ends_where_the_number_does() {
        for (text, value, end, plain) in [
            ("12,5", 12.0, 2, true),
            ("-0.5;", -0.5, 4, false),
            ("1.e2\n", 100.0, 4, false),
            ("123456789012345 ", 123456789012345.0, 15, true),
            ("x", 0.0, 0, true),
        ] {
            let expected = (end > 0).then_some(Decimal { value, end, plain });
            assert_eq!(short_decimal(text.as_bytes(), 0, b'.'), expected, "{text}");
        }
        assert!(short_decimal(b"-0", 0, b'.').unwrap().value.is_sign_negative());
        assert_eq!(short_decimal(b"1", 1, b'.'), None);
    }

    #[test]
    fn decimal_takes_whole_numbers_and_finite_ones_only() {
        for text in ["", "+", ".", "1e", "0x10", "1,5", "1 2", "--1", "1_000", "nan", "inf", "-Infinity", "1e999"] {
            assert_eq!(decimal(text.as_bytes(), b'.'), None, "{text}");
        }
        assert_eq!(decimal(b"1.5", b','), None);
        assert!(decimal(b"740245381351497730", b'.').unwrap().plain);
        assert_eq!(decimal(b"1e-400", b'.').unwrap().value, 0.0);
    }
}
