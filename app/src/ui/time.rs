//! Times. The server shows them absolutely, in UTC; the browser, when it has taken over, relatively to its own clock.

use crate::prelude::*;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};

/// The browser's clock: `None` on the server and until the page is taken over.
#[derive(Clone, Copy)]
struct Clock {
    each_second: RwSignal<Option<DateTime<Utc>>>,
    each_ten_seconds: RwSignal<Option<DateTime<Utc>>>,
}

/// Lets every time on the page tick by one timer.
pub(crate) fn provide_clock() {
    let clock = Clock { each_second: RwSignal::new(None), each_ten_seconds: RwSignal::new(None) };
    provide_context(clock);
    #[cfg(feature = "hydrate")]
    Effect::new(move || {
        clock.each_second.set(browser_now());
        clock.each_ten_seconds.set(browser_now());
        let ticks = StoredValue::new(0_u32);
        set_interval(
            move || {
                clock.each_second.set(browser_now());
                ticks.update_value(|ticks| *ticks += 1);
                if ticks.get_value().is_multiple_of(10) {
                    clock.each_ten_seconds.set(browser_now());
                }
            },
            std::time::Duration::from_secs(1),
        );
    });
}

#[cfg(feature = "hydrate")]
fn browser_now() -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(js_sys::Date::now() as i64)
}

/// Waits in the browser; over at once on the server, which never waits for a screen.
pub(crate) async fn pause(length: std::time::Duration) {
    #[cfg(feature = "hydrate")]
    {
        let millis = i32::try_from(length.as_millis()).unwrap_or(i32::MAX);
        let timer = js_sys::Promise::new(&mut |resolve, _| {
            let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, millis);
        });
        let _ = wasm_bindgen_futures::JsFuture::from(timer).await;
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = length;
}

/// The browser's time, new each second; `None` on the server and until the page is taken over.
#[must_use]
pub fn now_signal() -> Signal<Option<DateTime<Utc>>> {
    expect_context::<Clock>().each_second.into()
}

/// A time: relative once the page lives, absolute in its title and without JavaScript.
#[component]
pub fn Time(at: DateTime<Utc>) -> impl IntoView {
    let now = expect_context::<Clock>().each_ten_seconds;
    view! {
        <time datetime=machine(at) title=absolute(at)>
            {move || now.get().map_or_else(|| absolute(at), |now| relative(at, now))}
        </time>
    }
}

/// A time that may be missing.
#[component]
pub fn MaybeTime(at: Option<DateTime<Utc>>) -> impl IntoView {
    match at {
        Some(at) => view! { <Time at /> }.into_any(),
        None => view! { <span class="muted">"–"</span> }.into_any(),
    }
}

/// A time to come; once it has come, that it is due.
#[component]
pub fn Due(at: DateTime<Utc>) -> impl IntoView {
    let now = expect_context::<Clock>().each_ten_seconds;
    view! {
        <time datetime=machine(at) title=absolute(at)>
            {move || match now.get() {
                None => absolute(at),
                Some(now) if at <= now => "due".to_owned(),
                Some(now) => relative(at, now),
            }}
        </time>
    }
}

/// How long it is until `until`, second by second; nothing once it has come.
#[component]
pub fn Countdown(until: DateTime<Utc>) -> impl IntoView {
    let now = now_signal();
    view! {
        <time datetime=machine(until) title=absolute(until) class="numeric">
            {move || match now.get() {
                None => absolute(until),
                Some(now) if until <= now => "now".to_owned(),
                Some(now) => format!("in {}", duration(until - now)),
            }}
        </time>
    }
}

/// `20 Nov 2026, 11:08 UTC`.
#[must_use]
pub fn absolute(at: DateTime<Utc>) -> String {
    format!("{}, {:02}:{:02} UTC", date(at), at.hour(), at.minute())
}

/// `20 Nov 2026`.
fn date(at: DateTime<Utc>) -> String {
    format!("{} {} {}", at.day(), month(at), at.year())
}

/// The short name of the month. chrono's own formatting would be a hundredth of the wasm.
fn month(at: DateTime<Utc>) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    NAMES.get(at.month0() as usize).copied().unwrap_or_default()
}

/// `20 Nov 11:00 UTC`.
#[must_use]
pub fn hour(at: DateTime<Utc>) -> String {
    format!("{} {} {:02}:00 UTC", at.day(), month(at), at.hour())
}

/// What a `datetime` attribute takes.
#[must_use]
pub fn machine(at: DateTime<Utc>) -> String {
    format!("{}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second())
}

/// `just now`, `4 min ago`, `in 2 h`; a date when it is over a week away.
#[must_use]
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = (now - at).abs();
    // What has just happened may lie before a clock that ticks every ten seconds.
    let nothing = if at > now { TimeDelta::seconds(11) } else { TimeDelta::seconds(5) };
    if distance < nothing {
        "just now".to_owned()
    } else if distance > TimeDelta::days(7) {
        date(at)
    } else if at > now {
        format!("in {}", duration(distance))
    } else {
        format!("{} ago", duration(distance))
    }
}

/// `42 s`, `4 min`, `2 h 5 min`, `3 d`.
#[must_use]
pub fn duration(length: TimeDelta) -> String {
    let seconds = length.num_seconds().max(0);
    match seconds {
        0..=59 => format!("{seconds} s"),
        60..=3_599 => format!("{} min", seconds / 60),
        3_600..=86_399 if seconds % 3_600 < 60 => format!("{} h", seconds / 3_600),
        3_600..=86_399 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_a_person_would_say_it() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let at = |seconds| relative(now + TimeDelta::seconds(seconds), now);
        assert_eq!(at(0), "just now");
        assert_eq!((at(9), at(15)), ("just now".to_owned(), "in 15 s".to_owned()));
        assert_eq!(at(-90), "1 min ago");
        assert_eq!(at(7_500), "in 2 h 5 min");
        assert_eq!(at(-200_000), "2 d ago");
        assert_eq!(absolute(now), "21 Sep 2026, 14:13 UTC");
        assert_eq!(machine(now), "2026-09-21T14:13:20Z");
    }
}
