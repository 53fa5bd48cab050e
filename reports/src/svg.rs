//! Text and marks of SVG.

use crate::style::{Marker, Style};

/// Text that stands for itself between tags and in attributes. What XML cannot hold is replaced.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// `text` cut to `most` characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most { text.to_owned() } else { text.chars().take(most.saturating_sub(1)).chain(['…']).collect() }
}

/// A text; `class` says how it looks and where it is anchored.
pub fn text(x: f64, y: f64, class: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" class=\"{class}\">{}</text>", escape(text))
}

/// A straight line.
pub fn line(from: (f64, f64), to: (f64, f64), class: &str) -> String {
    format!("<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" class=\"{class}\"/>", from.0, from.1, to.0, to.1)
}

/// A horizontal whisker with end strokes.
pub fn whisker(low: f64, high: f64, y: f64, class: &str) -> String {
    format!(
        "<path class=\"whisker {class}\" d=\"M{low:.1} {:.1}V{:.1}M{low:.1} {y:.1}H{high:.1}M{high:.1} {:.1}V{:.1}\"/>",
        y - 3.0,
        y + 3.0,
        y - 3.0,
        y + 3.0
    )
}

/// A series' mark.
pub fn marker(style: &Style, x: f64, y: f64) -> String {
    let fill = if style.hollow { " hollow" } else { "" };
    let d = match style.marker {
        Marker::Circle => format!("M{:.1} {y:.1}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z", x - 4.0),
        Marker::Square => format!("M{:.1} {:.1}h7v7h-7Z", x - 3.5, y - 3.5),
        Marker::Diamond => format!("M{x:.1} {:.1}l4.8 4.8l-4.8 4.8l-4.8 -4.8Z", y - 4.8),
        Marker::Up => format!("M{x:.1} {:.1}l4.6 8h-9.2Z", y - 4.8),
        Marker::Down => format!("M{x:.1} {:.1}l4.6 -8h-9.2Z", y + 4.8),
        Marker::Cross => format!("M{:.1} {:.1}l8 8m0 -8l-8 8", x - 4.0, y - 4.0),
    };
    format!("<path class=\"mark s{}{fill}\" d=\"{d}\"/>", style.slot)
}

/// A short stroke with the mark, for legends.
pub fn swatch(style: &Style) -> String {
    format!(
        "<svg class=\"swatch\" viewBox=\"0 0 34 14\" width=\"34\" height=\"14\" aria-hidden=\"true\"><path class=\"series s{}\"{} d=\"M1 7H33\"/>{}</svg>",
        style.slot,
        style.dash(),
        marker(style, 17.0, 7.0)
    )
}

#[cfg(test)]
mod tests {
    use super::{cut, escape};

    #[test]
    fn nothing_of_a_text_is_markup() {
        assert_eq!(escape("</script><b a='\"'>&\u{1}"), "&lt;/script&gt;&lt;b a=&#39;&quot;&#39;&gt;&amp;\u{fffd}");
        assert_eq!(cut("wirefilter", 6), "wiref…");
    }
}
