//! Amounts of processor time as Kubernetes writes them.

/// Thousandths of a processor: `2` is 2000, `0.5` is 500, `250m` is 250. Finer amounts round up, as Kubernetes does.
pub(super) fn milli(amount: &str) -> Option<u64> {
    if let Some(thousandths) = amount.strip_suffix('m') {
        return digits(thousandths);
    }
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, ""));
    if !rest.bytes().all(|byte| byte.is_ascii_digit()) || whole.len() + rest.len() == 0 {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { digits(whole)?.checked_mul(1000)? };
    let mut part: u64 = 0;
    for (place, digit) in rest.bytes().enumerate() {
        let digit = u64::from(digit - b'0');
        match place {
            0..3 => part += digit * [100, 10, 1][place],
            _ if digit > 0 => return whole.checked_add(part + 1),
            _ => {}
        }
    }
    whole.checked_add(part)
}

fn digits(text: &str) -> Option<u64> {
    let only_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    only_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::milli;

    #[test]
    fn amounts() {
        for (amount, thousandths) in [
            ("0", 0),
            ("2", 2000),
            (".5", 500),
            ("1.", 1000),
            ("0.5", 500),
            ("12.5", 12500),
            ("250m", 250),
            ("1.0001", 1001),
            ("0.100", 100),
        ] {
            assert_eq!(milli(amount), Some(thousandths), "{amount}");
        }
        for amount in [
            "",
            "m",
            ".",
            "-1",
            "1.x",
            "+1",
            "1e3",
            "two",
            "2 ",
            "99999999999999999999",
            "18446744073709551615",
        ] {
            assert_eq!(milli(amount), None, "{amount}");
        }
    }
}
