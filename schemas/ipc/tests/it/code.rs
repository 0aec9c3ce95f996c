use std::collections::HashSet;

use contract_ipc::{Code, Exit, is_error_code};

#[test]
fn codes_are_unique_and_have_the_form_of_r23() {
    let mut seen = HashSet::new();
    for code in Code::ALL {
        assert!(seen.insert(code.as_str()), "{code} is there twice");
        assert!(is_error_code(code.as_str()), "{code}");
        let namespace = code.as_str().split('_').next().unwrap();
        let known = [
            "IPC",
            "ADAPTER",
            "CONTRACT",
            "SANDBOX",
            "POLICY",
            "LEDGER",
            "LANE",
            "MODEL",
            "CARRY",
            "INFERENCE",
        ];
        assert!(known.contains(&namespace), "{code}");
        assert_eq!(code.to_string(), code.as_str());
    }
}

#[test]
fn every_code_has_a_meaning_and_a_cure_in_one_sentence_each() {
    let mut meanings = HashSet::new();
    for code in Code::ALL {
        assert!(meanings.insert(code.meaning()), "{code} means the same as another");
        for text in [code.meaning(), code.cure()] {
            assert!(text.ends_with('.') && !text.ends_with(".."), "{code}: {text}");
            assert!(text.starts_with(char::is_uppercase) || text.starts_with(['`', '-']), "{code}: {text}");
            assert!(text.len() < 160, "{code}: {text}");
        }
    }
}

#[test]
fn no_code_ends_a_run_as_satisfied() {
    assert!(Code::ALL.iter().all(|code| code.exit() != Exit::Satisfied));
}

#[test]
fn exit_statuses_are_those_of_the_table() {
    let table = [
        (Exit::Satisfied, 0),
        (Exit::Violated, 1),
        (Exit::Usage, 2),
        (Exit::Denied, 3),
        (Exit::Failed, 4),
        (Exit::TimedOut, 5),
        (Exit::Unverifiable, 6),
        (Exit::Internal, 70),
        (Exit::Evidence, 74),
        (Exit::Interrupted, 130),
        (Exit::Terminated, 143),
    ];
    assert!(table.iter().all(|(exit, status)| exit.status() == *status));
}

#[test]
fn r23_codes_are_upper_case_words_with_a_namespace() {
    for good in ["A_B", "IPC_STATE", "X1_2", "ADAPTER_A_B_9"] {
        assert!(is_error_code(good), "{good}");
    }
    for bad in ["", "A", "IPC", "_A", "A_", "A__B", "1_A", "a_B", "A_b", "A B_C", "Ä_B", "A-B_C"] {
        assert!(!is_error_code(bad), "{bad}");
    }
    assert!(is_error_code(&format!("A_{}", "B".repeat(126))));
    assert!(!is_error_code(&format!("A_{}", "B".repeat(127))));
}
