//! Whole numbers: enough of `$((…))` for counters and sums.

/// The value of an expression of numbers, `+ - * / %`, comparisons and parentheses; `variable` gives the value of a name.
pub(crate) fn value(text: &str, variable: &mut dyn FnMut(&str) -> Option<i64>) -> Option<i64> {
    let mut expression = Expression { rest: text.trim(), variable, depth: 0 };
    let value = expression.sum()?;
    expression.rest.trim_start().is_empty().then_some(value)
}

struct Expression<'t, 'v> {
    rest: &'t str,
    variable: &'v mut dyn FnMut(&str) -> Option<i64>,
    depth: usize,
}

impl Expression<'_, '_> {
    fn operator(&mut self, operators: &[char]) -> Option<char> {
        let rest = self.rest.trim_start();
        let operator = rest.chars().next().filter(|first| operators.contains(first))?;
        let after = &rest[1..];
        // `++`, `+=` and `**` are none of these.
        if after.starts_with(['=', operator]) {
            return None;
        }
        self.rest = after;
        Some(operator)
    }

    fn sum(&mut self) -> Option<i64> {
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&['+', '-']) {
            let right = self.product()?;
            left = if operator == '+' { left.checked_add(right)? } else { left.checked_sub(right)? };
        }
        Some(left)
    }

    fn product(&mut self) -> Option<i64> {
        let mut left = self.unary()?;
        while let Some(operator) = self.operator(&['*', '/', '%']) {
            let right = self.unary()?;
            left = match operator {
                '*' => left.checked_mul(right)?,
                '/' => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            };
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<i64> {
        self.depth += 1;
        if self.depth > 64 {
            return None;
        }
        let value = match self.operator(&['-', '+']) {
            Some('-') => self.unary()?.checked_neg(),
            Some(_) => self.unary(),
            None => self.atom(),
        };
        self.depth -= 1;
        value
    }

    fn atom(&mut self) -> Option<i64> {
        let rest = self.rest.trim_start();
        if let Some(inner) = rest.strip_prefix('(') {
            self.rest = inner;
            let value = self.sum()?;
            self.rest = self.rest.trim_start().strip_prefix(')')?;
            return Some(value);
        }
        let length = rest.bytes().take_while(|byte| *byte == b'_' || byte.is_ascii_alphanumeric()).count();
        let (word, after) = rest.split_at(length);
        self.rest = after;
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            // A leading zero means octal.
            return match word.strip_prefix('0') {
                None | Some("") => word.parse().ok(),
                Some(octal) => i64::from_str_radix(octal, 8).ok(),
            };
        }
        if word.is_empty() { None } else { (self.variable)(word) }
    }
}

/// The names that an expression assigns to: `name =`, `name +=`, `name++`, `++name`.
pub(crate) fn assigned(text: &str) -> Vec<&str> {
    let is_part = |character: char| character == '_' || character.is_ascii_alphanumeric();
    let mut names = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(start) = rest.find(is_part) else { break };
        let length = rest[start..].find(|character| !is_part(character)).unwrap_or(rest.len() - start);
        let (before, name, after) =
            (&text[..at + start], &rest[start..start + length], rest[start + length..].trim_start());
        let step = |text: &str, end: bool| {
            ["++", "--"].iter().any(|step| if end { text.ends_with(step) } else { text.starts_with(step) })
        };
        let operator = after.trim_start_matches(['+', '-', '*', '/', '%', '<', '>', '&', '|', '^']);
        let assigns = operator.starts_with('=')
            && !operator.starts_with("==")
            && !after.starts_with("<=")
            && !after.starts_with(">=");
        if !name.as_bytes()[0].is_ascii_digit()
            && (assigns || step(after, false) || step(before.trim_end(), true))
        {
            names.push(name);
        }
        at += start + length;
    }
    names
}
