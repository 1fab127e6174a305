//! What a file is, by its name.

/// Extensions that make a file an image.
const IMAGES: &[&str] = &["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "tif", "tiff"];

/// Whether a file is an image, by its extension.
pub fn is_image(file: &str) -> bool {
    extension(file).is_some_and(|e| IMAGES.contains(&e.as_str()))
}

/// A file's extension in small letters.
pub fn extension(file: &str) -> Option<String> {
    let name = file.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase())
}
