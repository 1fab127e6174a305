//! What a text becomes after reading: HTML that is safe to show, clean file names.

use crate::{connectors::map::Format, value::Value};

/// Turns a cell of an HTML field into HTML: plain text is escaped with its line breaks, HTML is
/// sanitised by allow-list.
pub fn to_html(value: &mut Value, format: Format) {
    let Value::Text(text) = value else { return };
    let html = match format {
        Format::Html => {
            if !text.contains(['<', '&', '>']) {
                return;
            }
            ammonia::clean(text)
        }
        Format::Text | Format::Rtf | Format::File => {
            if !text.contains(['<', '&', '>', '"', '\n', '\r']) {
                return;
            }
            escape(text)
        }
    };
    *value = if html.trim().is_empty() { Value::Null } else { Value::text(html) };
}

fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\n' => html.push_str("<br>\n"),
            c => html.push(c),
        }
    }
    html
}

/// The ERP's own multimedia folder, as file names spell it.
const FOLDER: &str = "multimedia/";

/// Cleans a file name: backslashes become slashes, leading `./` and slashes go, and so does the
/// ERP's own multimedia folder (`.\Multimedia\`), which is where `media.roots` starts.
pub fn clean_file(value: &mut Value) {
    let Value::Text(text) = value else { return };
    let path = text.replace('\\', "/");
    let mut path = path.trim_start_matches("./").trim_start_matches('/');
    if path.get(..FOLDER.len()).is_some_and(|head| head.eq_ignore_ascii_case(FOLDER)) {
        path = &path[FOLDER.len()..];
    }
    if path != &**text {
        *value = Value::text(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_escaped_with_its_line_breaks() {
        let mut value = Value::text("5 < 6\r\n& plus");
        to_html(&mut value, Format::Text);
        assert_eq!(value, Value::text("5 &lt; 6<br>\n&amp; plus"));
    }

    #[test]
    fn scripts_do_not_survive() {
        let mut value = Value::text("<p onclick=\"x()\">ok</p><script>alert(1)</script>");
        to_html(&mut value, Format::Html);
        assert_eq!(value, Value::text("<p>ok</p>"));
    }

    #[test]
    fn file_names_lose_the_erp_folder() {
        for (raw, clean) in
            [(".\\Multimedia\\velo.gif", "velo.gif"), ("a\\b.png", "a/b.png"), ("x.gif", "x.gif")]
        {
            let mut value = Value::text(raw);
            clean_file(&mut value);
            assert_eq!(value, Value::text(clean));
        }
    }
}
