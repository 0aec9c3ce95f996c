//! What the compiled C++ needs of the processor. Asked before llama.cpp starts: an instruction that is missing ends the
//! process with SIGILL, which says nothing to people.

use crate::fault::Fault;

/// The features that llama.cpp is compiled for, unless the build says otherwise (`GGML_NATIVE=OFF` of its CMakeLists.txt).
#[cfg(target_arch = "x86_64")]
pub(crate) fn check() -> Result<(), Fault> {
    let features = [
        ("SSE4.2", is_x86_feature_detected!("sse4.2")),
        ("AVX", is_x86_feature_detected!("avx")),
        ("AVX2", is_x86_feature_detected!("avx2")),
        ("FMA", is_x86_feature_detected!("fma")),
        ("F16C", is_x86_feature_detected!("f16c")),
        ("BMI2", is_x86_feature_detected!("bmi2")),
    ];
    missing(&features)
}

/// On other processors it is compiled for the baseline of the architecture.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn check() -> Result<(), Fault> {
    missing(&[])
}

fn missing(features: &[(&str, bool)]) -> Result<(), Fault> {
    let names = |wanted: fn(&&(&str, bool)) -> bool| {
        features.iter().filter(wanted).map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let lacks = names(|(_, here)| !here);
    if lacks.is_empty() { Ok(()) } else { Err(Fault::Cpu { needs: names(|_| true), lacks }) }
}

#[cfg(test)]
mod tests {
    use contract_adapter::Failure;

    use super::*;

    #[test]
    fn names_what_the_processor_lacks() {
        assert!(missing(&[("A", true)]).is_ok());
        let failure = Failure::from(missing(&[("A", true), ("B", false), ("C", false)]).unwrap_err());
        assert_eq!(failure.code(), "ADAPTER_CPU_UNSUPPORTED");
        assert!(failure.to_string().contains("with A, B, C, and this one lacks B, C"), "{failure}");
    }
}
