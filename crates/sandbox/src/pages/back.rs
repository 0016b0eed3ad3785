//! Where a visitor wanted to go before coming in: kept in a cookie, so that coming in leads back there.

use axum::http::{HeaderMap, HeaderValue, Uri};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::visit::cookie;

const COOKIE: &str = "sandbox_back";
/// Longer addresses are no record's, and would make a cookie that browsers drop.
const LONGEST: usize = 500;
/// The addresses of each office: its own pages, and the record links of the vendor that it stands in for.
const OFFICES: [(&str, [&str; 2]); 2] = [("shop", ["/shop/", "/shopify/"]), ("erp", ["/erp/", "/acumatica/"])];

/// The cookie that keeps an address for ten minutes; none when the address is not one to come back to.
#[must_use]
pub fn remember(uri: &Uri) -> Option<HeaderValue> {
    let path = uri.path_and_query()?.as_str();
    office_of(path)?;
    let kept = utf8_percent_encode(path, NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!("{COOKIE}={kept}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax")).ok()
}

/// The address that was kept, if it lies in one of these offices.
#[must_use]
pub fn kept(headers: &HeaderMap, offices: &[&str]) -> Option<String> {
    let path = percent_decode_str(cookie(headers, COOKIE)?).decode_utf8().ok()?.into_owned();
    office_of(&path).filter(|office| offices.contains(office)).map(|_| path)
}

/// The cookie that forgets the address.
#[must_use]
pub fn forget() -> HeaderValue {
    HeaderValue::from_static("sandbox_back=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// The office whose page this is. What a browser could read as an address of another site is none.
fn office_of(path: &str) -> Option<&'static str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    if path.len() > LONGEST || path.contains("//") || !path.bytes().all(is_plain) {
        return None;
    }
    let found = OFFICES.iter().find(|(_, starts)| starts.iter().any(|start| path.starts_with(start)));
    found.map(|(office, _)| *office)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_come_back_to() {
        assert_eq!(office_of("/shopify/demo-shop/admin/orders/5001"), Some("shop"));
        assert_eq!(office_of("/acumatica/demo/Main?ScreenId=AR303000&AcctCD=C000001"), Some("erp"));
        for path in [
            "//evil.example/shop/",
            "/\\evil.example",
            "https://evil.example/shop/",
            "/enter?key=x",
            "/shop/a b",
            "/shop//x",
        ] {
            assert_eq!(office_of(path), None, "{path}");
        }
        assert_eq!(office_of(&format!("/shop/{}", "x".repeat(500))), None);
    }

    #[test]
    fn what_is_remembered_is_kept_for_its_own_office() {
        let uri = Uri::from_static("/acumatica/demo/Main?ScreenId=IN202500&InventoryCD=TEA;1");
        let set = remember(&uri).unwrap();
        let pair = set.to_str().unwrap().split(';').next().unwrap();
        let headers = HeaderMap::from_iter([(axum::http::header::COOKIE, HeaderValue::from_str(pair).unwrap())]);
        assert_eq!(kept(&headers, &["shop", "erp"]), Some(uri.to_string()));
        assert_eq!(kept(&headers, &["shop"]), None);
        assert!(remember(&Uri::from_static("/enter?shop=x")).is_none());
    }
}
