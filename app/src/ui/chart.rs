//! Charts: SVG bars with their values on hover, and a table behind.

use crate::prelude::*;
use domain::overview::HourPoint;

use super::number::{counted, grouped};

const WIDTH: i64 = 480;
const HEIGHT: i64 = 96;

/// What was processed and what failed, hour by hour.
#[component]
pub fn HourChart(
    /// What it shows, for screen readers and as the table's caption.
    #[prop(into)]
    label: String,
    points: Vec<HourPoint>,
) -> impl IntoView {
    let most = points.iter().map(|point| point.processed + point.failed).max().unwrap_or(0).max(1);
    let count = i64::try_from(points.len()).unwrap_or(1).max(1);
    let slot = WIDTH / count;
    let bars = points.iter().zip(0..).map(|(point, index)| bar(*point, index * slot, slot, most)).collect_view();
    let rows = points.iter().rev().map(|point| {
        view! {
            <tr>
                <th scope="row">{hour(point)}</th>
                <td class="numeric">{grouped(point.processed)}</td>
                <td class="numeric">{grouped(point.failed)}</td>
            </tr>
        }
    });
    view! {
        <figure class="chart">
            <p class="chart-scale" aria-hidden="true">{format!("max. {} an hour", grouped(most))}</p>
            <svg viewBox=format!("0 0 {WIDTH} {HEIGHT}") role="img" aria-label=label.clone() preserveAspectRatio="none">
                <line class="chart-base" x1="0" x2=WIDTH y1=HEIGHT y2=HEIGHT />
                {bars}
            </svg>
            <div class="chart-ends" aria-hidden="true">
                <span>"24 h ago"</span>
                <span class="chart-legend">
                    <span class="swatch swatch-good"></span>
                    "processed"
                    <span class="swatch swatch-wrong"></span>
                    "failed"
                </span>
                <span>"now"</span>
            </div>
            <details>
                <summary>"Show as a table"</summary>
                <div class="table-region" role="region" aria-label=format!("{label}, as a table") tabindex="0">
                    <table class="table">
                        <thead>
                            <tr>
                                <th scope="col">"Hour"</th>
                                <th scope="col" class="numeric">
                                    "Processed"
                                </th>
                                <th scope="col" class="numeric">
                                    "Failed"
                                </th>
                            </tr>
                        </thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
}

fn bar(point: HourPoint, x: i64, slot: i64, most: i64) -> impl IntoView {
    // A count of one is still a pixel, so that a single failure in a busy day can be seen.
    let scale = |value: i64| if value == 0 { 0 } else { (value * (HEIGHT - 2) / most).max(2) };
    let (good, bad) = (scale(point.processed), scale(point.failed));
    let (good_y, bad_y) = (HEIGHT - good, HEIGHT - good - bad);
    let width = (slot - 4).max(1);
    let words = format!("{}: {}, {} failed", hour(&point), counted(point.processed, "record"), grouped(point.failed));
    view! {
        <g class="bar">
            <title>{words}</title>
            <rect class="bar-hover" x=x y="0" width=slot height=HEIGHT />
            <rect class="fill-good" x=x + 2 y=good_y width=width height=good />
            <rect class="fill-wrong" x=x + 2 y=bad_y width=width height=bad />
        </g>
    }
}

fn hour(point: &HourPoint) -> String {
    super::time::hour(point.hour)
}
