//! The attacker of the sandbox tests: makes one attempt, says what came of it, and waits to be looked at.
//!
//! `attack LAYERS ABI PROFILE NAME DIR [KEY=VALUE]...`: LAYERS is `none`, `landlock` or `seccomp` and restricts this
//! program through the library first; under `contract-launch` it is `none`. The answer is one line, `DONE ok TEXT` or
//! `DONE errno NUMBER`; then the program waits for the end of its standard input.

#![expect(clippy::disallowed_methods, reason = "reading the environment is one of the attempts")]

#[cfg(target_os = "linux")]
mod budgets;
#[cfg(target_os = "linux")]
mod call;
#[cfg(target_os = "linux")]
mod exec;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod kernel;
#[cfg(target_os = "linux")]
mod metadata;
#[cfg(target_os = "linux")]
mod network;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(target_os = "linux")]
mod terminal;

#[cfg(target_os = "linux")]
fn main() {
    use std::io::Write;
    let args: Vec<String> = std::env::args().collect();
    match args.get(1).map(String::as_str) {
        Some("ran") => {
            // Started by an attack on execution: the identity shows what was gained.
            let _ =
                writeln!(std::io::stdout(), "RAN euid={} {}", call::effective_user(), call::capabilities());
        }
        Some("victim") => call::be_a_victim(),
        Some(layers) => {
            let scene = call::Scene::new(&args);
            scene.restrict(layers);
            let answer = attempt(&scene);
            call::answer(&answer);
        }
        None => std::process::exit(98),
    }
}

#[cfg(target_os = "linux")]
fn attempt(scene: &call::Scene) -> call::Answer {
    let families = [
        files::attempt,
        metadata::attempt,
        exec::attempt,
        network::attempt,
        processes::attempt,
        terminal::attempt,
        kernel::attempt,
        budgets::attempt,
    ];
    families.iter().find_map(|family| family(scene)).unwrap_or_else(|| std::process::exit(99))
}

#[cfg(not(target_os = "linux"))]
fn main() {}
