//! The canonical form (RFC 8785).

use crate::{MAX_SAFE_INTEGER, Node, Number, Object, Value, write};
use std::cmp::Ordering;

/// The canonical form of a value: equal for equal data, whoever wrote it and however (RFC 8785).
///
/// [`parse`](crate::parse) takes what this gives, and gives the same data.
///
/// ```
/// use strictjson::{Limits, canonical, parse};
///
/// let node = parse(br#"{ "b": [1.50, 1E30], "a": "\u20ac\/" }"#, &Limits::default())?;
/// assert_eq!(canonical(&node), r#"{"a":"€/","b":[1.5,1e+30]}"#.as_bytes());
/// # Ok::<(), strictjson::Error>(())
/// ```
#[must_use]
pub fn canonical(node: &Node<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(node.span.end.saturating_sub(node.span.start));
    write_value(&mut out, &node.value);
    out
}

/// Appends the canonical form of a value.
fn write_value(out: &mut Vec<u8>, value: &Value<'_>) {
    match value {
        Value::Number(number) => write_number(out, number),
        Value::Array(elements) => {
            out.push(b'[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, &element.value);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(out, object),
        Value::Null | Value::Bool(_) | Value::String(_) => write::value(out, value),
    }
}

/// Appends an object with its members sorted by name (RFC 8785, 3.2.3).
fn write_object(out: &mut Vec<u8>, object: &Object<'_>) {
    let mut members: Vec<_> = object.iter().collect();
    members.sort_by(|left, right| compare_utf16(&left.key, &right.key));
    out.push(b'{');
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write::string(out, &member.key);
        out.push(b':');
        write_value(out, &member.node.value);
    }
    out.push(b'}');
}

/// Appends a number as ECMAScript writes its double.
fn write_number(out: &mut Vec<u8>, number: &Number<'_>) {
    let exact = number.as_i64().filter(|whole| whole.unsigned_abs() <= MAX_SAFE_INTEGER.unsigned_abs());
    match exact {
        Some(whole) => out.extend_from_slice(whole.to_string().as_bytes()),
        None => out.extend_from_slice(ecmascript_number(number.as_f64()).as_bytes()),
    }
}

/// Compares by UTF-16 code units, which differs from the order of UTF-8 where surrogate pairs meet U+E000 and above.
fn compare_utf16(left: &str, right: &str) -> Ordering {
    if left.is_ascii() && right.is_ascii() {
        left.cmp(right)
    } else {
        left.encode_utf16().cmp(right.encode_utf16())
    }
}

/// A finite double as ECMAScript's `Number::toString` writes it (RFC 8785, 3.2.2.3).
///
/// The standard library is not enough: of two shortest texts that are equally near it does not take the even one.
pub(crate) fn ecmascript_number(value: f64) -> String {
    ryu_js::Buffer::new().format_finite(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::ecmascript_number;

    /// The samples of RFC 8785, appendix B.
    #[test]
    fn numbers_of_the_standard() {
        let cases: &[(u64, &str)] = &[
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, expected) in cases {
            assert_eq!(ecmascript_number(f64::from_bits(*bits)), *expected, "{bits:016x}");
        }
    }
}
