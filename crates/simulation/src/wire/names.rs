//! What a request is, in short: for the story, and to tell writes from reads.

use connectors::http::Request;

/// `tenant/vendor` of an address like `/shopify/{tenant}/…`.
pub fn place_of(request: &Request) -> String {
    let mut parts = request.url.path().split('/').skip(1);
    let vendor = parts.next().unwrap_or_default().to_owned();
    format!("{}/{vendor}", parts.next().unwrap_or_default())
}

pub fn is_write(request: &Request) -> bool {
    let mutates = || String::from_utf8_lossy(&request.body).contains("mutation");
    request.method == "PUT" || request.method == "DELETE" || mutates()
}

/// A request in short, for the story.
pub fn name_of(request: &Request) -> String {
    let path: Vec<&str> = request.url.path().split('/').skip(2).collect();
    let query = request.url.query().map(|query| format!("?{}", query.chars().take(90).collect::<String>()));
    let operation = graphql_name(&request.body);
    format!("{}{}{operation}", path.join("/"), query.unwrap_or_default())
}

/// The name of a GraphQL operation and its variables, as far as they are short.
fn graphql_name(body: &[u8]) -> String {
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(body) else { return String::new() };
    let Some(query) = body.get("query").and_then(|query| query.as_str()) else { return String::new() };
    let words: String = query.split(['{', '(']).next().unwrap_or_default().trim().chars().take(40).collect();
    let variables: String = body["variables"].to_string().chars().take(90).collect();
    format!(" {words} {variables}")
}
