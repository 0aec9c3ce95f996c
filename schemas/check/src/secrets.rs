//! Text that looks like a secret: shapes that anyone knows without asking whose they are.

/// What `text` seems to hold, such as `a private key`. Silent when in doubt.
pub(crate) fn looks_secret(text: &str) -> Option<&'static str> {
    if text.len() < SHORTEST {
        return None;
    }
    if text.contains("-----BEGIN ") && text.contains("PRIVATE KEY") {
        return Some("a private key");
    }
    token(text).or_else(|| assignment(text)).or_else(|| password_in_address(text))
}

/// No shape fits into fewer bytes.
const SHORTEST: usize = 8;

/// Tokens that begin with a name of their own: prefix, characters behind it at least, what it is.
const TOKENS: &[(&str, usize, &str)] = &[
    ("AKIA", 16, "an AWS access key"),
    ("ASIA", 16, "an AWS access key"),
    ("AIza", 35, "a Google API key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("ghr_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 20, "a GitLab token"),
    ("hf_", 30, "a Hugging Face token"),
    ("npm_", 36, "an npm token"),
    ("sk-", 32, "an API key"),
    ("xoxb-", 20, "a Slack token"),
    ("xoxp-", 20, "a Slack token"),
];
/// The shortest of them.
const SHORTEST_TOKEN: usize = 20;
/// Fewer characters behind `Bearer` are a word.
const SHORTEST_BEARER: usize = 16;

fn token(text: &str) -> Option<&'static str> {
    let mut after_bearer = false;
    for word in
        text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+' | '/' | '~')))
    {
        if after_bearer && word.len() >= SHORTEST_BEARER && has_digit(word) {
            return Some("a bearer token");
        }
        if !word.is_empty() {
            after_bearer = word.eq_ignore_ascii_case("bearer");
        }
        if word.len() >= SHORTEST_TOKEN
            && let Some(name) = word.split('/').find_map(known_token)
        {
            return Some(name);
        }
    }
    None
}

fn known_token(word: &str) -> Option<&'static str> {
    let word = word.trim_end_matches(['.', '-']);
    for (prefix, least, name) in TOKENS {
        if let Some(rest) = word.strip_prefix(prefix) {
            let fits = rest.len() >= *least
                && has_digit(rest)
                && rest.bytes().any(|byte| byte.is_ascii_alphabetic());
            return fits.then_some(name);
        }
    }
    is_web_token(word).then_some("a JSON web token")
}

/// Three parts in Base64, the first two of them JSON objects.
fn is_web_token(word: &str) -> bool {
    let mut parts = word.split('.');
    let mut is_object = || parts.next().is_some_and(|part| part.len() >= 8 && part.starts_with("eyJ"));
    is_object() && is_object() && parts.next().is_some_and(|signature| signature.len() >= 8)
}

/// Names whose value is a secret, and what the value is.
const NAMES: &[(&str, &str)] = &[
    ("password", "a password"),
    ("passwd", "a password"),
    ("passphrase", "a password"),
    ("api_key", "an API key"),
    ("api-key", "an API key"),
    ("apikey", "an API key"),
    ("secret_key", "a secret key"),
    ("secret-key", "a secret key"),
    ("secret_access_key", "a secret key"),
    ("client_secret", "a client secret"),
    ("client-secret", "a client secret"),
    ("access_token", "a token"),
    ("auth_token", "a token"),
    ("token", "a token"),
    ("secret", "a secret"),
];
/// A value of fewer characters, or without letters and digits, is taken for prose or a number where the name is vague.
const SHORTEST_VALUE: usize = 8;

/// Characters of a value that are looked at.
const LONGEST_VALUE: usize = 256;

/// `NAME=VALUE` and `NAME: VALUE`.
fn assignment(text: &str) -> Option<&'static str> {
    if text.starts_with("urn:") && !text.contains('=') {
        return None;
    }
    text.match_indices(['=', ':']).find_map(|(at, sign)| {
        let before = text[..at].trim_end_matches(['"', '\'', ' ']);
        let (name, what) = NAMES.iter().find(|(name, _)| ends_with_word(before, name))?;
        if sign == ":" && before[..before.len() - name.len()].ends_with([':', '/']) {
            return None; // a part of a URN or a path
        }
        let rest = &text[at + 1..];
        // Long texts of nothing but assignments stay linear.
        let end = rest.char_indices().nth(LONGEST_VALUE).map_or(rest.len(), |(end, _)| end);
        let value = rest[..end].trim_start_matches(['"', '\'', ' ']);
        let value = value.split([' ', '"', '\'', '&', ';', ',', '\n', '\r', '\t']).next().unwrap_or_default();
        let mixed = has_digit(value) && value.bytes().any(|byte| byte.is_ascii_alphabetic());
        let vague = matches!(*name, "token" | "secret");
        let fits = match (sign, vague) {
            ("=", false) => value.len() >= 3,
            (_, false) => value.len() >= 3 && mixed,
            (_, true) => value.len() >= SHORTEST_VALUE && mixed,
        };
        (fits && !names_a_place(value)).then_some(*what)
    })
}

fn ends_with_word(text: &str, word: &str) -> bool {
    let Some(start) = text.len().checked_sub(word.len()) else { return false };
    let (before, end) = (&text.as_bytes()[..start], &text.as_bytes()[start..]);
    end.eq_ignore_ascii_case(word.as_bytes()) && !before.last().is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a value says where a secret is kept, or that there is none.
fn names_a_place(value: &str) -> bool {
    const STARTS: &[&str] = &["$", "%", "{", "<", "[", "*", "/", "@", "~", "./", "..", "xxx", "XXX"];
    const SCHEMES: &[&str] =
        &["urn:", "env:", "file:", "vault:", "sha256:", "blake3:", "http:", "https:", "op:"];
    const WORDS: &[&str] =
        &["none", "null", "true", "false", "redacted", "removed", "required", "optional", "changeme"];
    STARTS.iter().chain(SCHEMES).any(|start| value.starts_with(start))
        || WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `SCHEME://NAME:PASSWORD@HOST`
fn password_in_address(text: &str) -> Option<&'static str> {
    text.match_indices("://").find_map(|(at, sign)| {
        let rest = &text[at + sign.len()..];
        let authority = rest.split(['/', '?', '#', ' ', '"', '\'']).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let (_, password) = user.split_once(':')?;
        (!password.is_empty() && !names_a_place(password)).then_some("a password in an address")
    })
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets() {
        for text in [
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE",
            "key AKIAIOSFODNN7EXAMPLE, used once",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "see https://example.org/ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "Authorization: Bearer 9f86d081884c7d659a2f",
            "bearer: abc.def-123456789012345",
            "password=hunter2",
            "login with Password: hunter2",
            "DB_PASSWORD=correct",
            "{\"api_key\": \"k9d8f7\"}",
            "https://example.org/?access_token=a1b2c3d4",
            "the token=a1b2c3d4e5 is good for a day",
            "postgres://app:s3cret@db.example/app",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.SflKxwRJSMeKKF2QT4",
        ] {
            assert!(looks_secret(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_only_speaks_of_secrets() {
        for text in [
            "",
            "password",
            "The password is required.",
            "password: required",
            "password: ask the owner",
            "password=$DB_PASSWORD",
            "password=<yours>",
            "PASSWORD=/run/secrets/db",
            "password=***",
            "tokens: 160000",
            "token: 160000",
            "secret: see the handbook",
            "urn:srcos:policy:secret-store",
            "secret=urn:srcos:secret:db-2026-09",
            "Bearer authentication is needed",
            "https://example.org/a@b:c",
            "postgres://app@db.example/app",
            "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
            "task-0123456789-0123456789-0123456789-0123456789",
            "sk-learn is a library",
            "a=b; c=d",
            "\u{1f511}\u{1f511}\u{1f511}: \u{e9}=\u{e9}",
        ] {
            assert_eq!(looks_secret(text), None, "{text}");
        }
    }
}
