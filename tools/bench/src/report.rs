//! The table, the same as JSON, and a picture.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::json;

use crate::Options;
use crate::scenarios::{Row, Target};

fn amount(value: f64, unit: &str) -> String {
    match unit {
        "/s" => format!("{value:.0} {unit}"),
        _ if value >= 100.0 => format!("{value:.0} {unit}"),
        _ => format!("{value:.2} {unit}"),
    }
}

fn target(row: &Row) -> String {
    match row.target {
        None => String::new(),
        Some(Target::RatioAtMost(limit)) => format!("at most {limit} times"),
        Some(Target::TimesAtLeast(limit)) => format!("at least {limit} times"),
        Some(Target::FasterAtLeast(limit)) => format!("at least {limit} times faster"),
        Some(Target::MoreAtMost(limit)) => format!("at most {} more", amount(limit, row.unit)),
        Some(Target::AtLeast(limit)) => format!("at least {}", amount(limit, row.unit)),
        Some(Target::AtMost(limit)) => format!("at most {}", amount(limit, row.unit)),
    }
}

fn verdict(row: &Row) -> String {
    match row.missed_by() {
        None => String::new(),
        Some(factor) if factor <= 1.0 => "met".to_owned(),
        Some(factor) => format!("missed by a factor of {factor:.2}"),
    }
}

pub(crate) fn write(options: &Options, rows: &[Row]) -> Result<()> {
    println!("| what | measured | compared with | ratio | target | |\n|---|---|---|---|---|---|");
    for row in rows {
        let against =
            row.against.map_or(String::new(), |(name, value)| format!("{name}: {}", amount(value, row.unit)));
        let ratio = row.ratio().map_or(String::new(), |ratio| format!("{ratio:.2}"));
        println!(
            "| {} | {} | {against} | {ratio} | {} | {} |",
            row.what,
            amount(row.value, row.unit),
            target(row),
            verdict(row)
        );
    }
    let json: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "what": row.what, "value": row.value, "unit": row.unit,
                "against": row.against.map(|(name, value)| json!({"what": name, "value": value})),
                "target": target(row), "missedBy": row.missed_by(),
            })
        })
        .collect();
    std::fs::write(options.out.join("bench.json"), serde_json::to_string_pretty(&json)?)?;
    std::fs::write(options.out.join("bench.svg"), picture(rows)?)?;
    println!("\n{} and bench.json", options.out.join("bench.svg").display());
    Ok(())
}

const LINE: usize = 30;
const LEFT: usize = 380;
/// Pixels for a target that is exactly met.
const TARGET: f64 = 180.0;

/// A bar for each row with a target: how far it goes, the line being the target. Left of the line is met.
fn picture(rows: &[Row]) -> Result<String> {
    let with_target: Vec<(&Row, f64)> = rows.iter().filter_map(|row| Some((row, row.missed_by()?))).collect();
    let height = with_target.len() * LINE + 50;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 {height}\" font-family=\"sans-serif\" \
         font-size=\"13\">\n<rect width=\"1000\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"20\" font-weight=\"bold\">Cost in proportion to the target (line); shorter is better</text>\n"
    );
    for (index, (row, factor)) in with_target.iter().enumerate() {
        let top = index * LINE + 34;
        // Far misses end at the edge; their number tells how far.
        let width = (factor.clamp(0.01, 2.4) * TARGET).round();
        let colour = if *factor <= 1.0 { "#2e7d32" } else { "#c62828" };
        writeln!(svg, "<text x=\"10\" y=\"{}\" fill=\"#222222\">{}</text>", top + 15, row.what)?;
        writeln!(svg, "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width}\" height=\"20\" fill=\"{colour}\"/>")?;
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"#222222\">{factor:.2}: {}</text>",
            LEFT as f64 + width.max(TARGET) + 6.0,
            top + 15,
            amount(row.value, row.unit)
        )?;
    }
    #[expect(clippy::cast_precision_loss, reason = "pixels")]
    let line = LEFT as f64 + TARGET;
    writeln!(
        svg,
        "<line x1=\"{line}\" y1=\"28\" x2=\"{line}\" y2=\"{}\" stroke=\"#222222\" stroke-dasharray=\"4 3\"/>\n</svg>",
        height - 12
    )?;
    Ok(svg)
}
