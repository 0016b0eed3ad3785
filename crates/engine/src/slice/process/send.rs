//! Sending: intended writes go out, as many at once as each side's connection allows. Before a load's last writes are
//! under way the next load may come, so that the connection is never idle while there is work.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use connectors::{Error as Vendor, Failure};
use domain::Side;
use futures::future::BoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;

use super::answers::Answers;
use super::outcome::Timing;
use super::pipeline::{Flow, Settled, Stop};
use super::save::{self, Done, Load, Noted, SENDING, Write};
use crate::Result;
use crate::slice::context::{Context, End, locked};
use crate::slice::obstacle::Obstacle;
use crate::store::syncs::SyncRow;

/// After so many failures of the system in a row nothing more is sent to it.
const UNANSWERED: u32 = 5;
/// With fewer writes than this waiting the next load may come.
const FEW: usize = 16;

/// Sends loads until there are no more, and says what stopped it when a system failed.
pub async fn send(
    context: &Context,
    sync: &SyncRow,
    mut loads: mpsc::UnboundedReceiver<Load>,
    settled: mpsc::Sender<Settled>,
    flow: &Flow,
) -> Result<Option<Stop>> {
    let (at_destination, at_source) = (Signals::default(), Signals::default());
    let lanes = [
        Lane::of(context, sync, Side::Destination, &at_destination)?,
        Lane::of(context, sync, Side::Source, &at_source)?,
    ];
    let mut sender = Sender { context, sync, lanes, open: BTreeMap::new(), settled, stop: None };
    let mut flying: FuturesUnordered<Flight<'_>> = FuturesUnordered::new();
    let (mut numbers, mut more) = (0.., true);
    loop {
        sender.start(&flying, flow);
        sender.settle(flow).await;
        if sender.has_room() {
            flow.make_room();
        }
        tokio::select! {
            biased;
            load = loads.recv(), if more => match load.zip(numbers.next()) {
                Some((load, number)) => sender.accept(number, load, flow),
                None => more = false,
            },
            Some(answer) = flying.next() => sender.take(answer),
            else => return Ok(sender.stop),
        }
    }
}

/// A write's answer.
struct Answer {
    number: usize,
    lane: usize,
    write: Write,
    timing: Timing,
    answer: std::result::Result<Done, Failure>,
    noted: Noted,
}
type Flight<'a> = BoxFuture<'a, Answer>;

/// What the writes to one side tell each other.
#[derive(Default)]
struct Signals {
    stop: AtomicBool,
    /// Failures of the system in a row.
    unanswered: AtomicU32,
}

impl Signals {
    /// Stops the side when the failure is the connection's.
    fn note(&self, answer: &std::result::Result<Done, Failure>) {
        match answer {
            Ok(_) | Err(Failure { error: Vendor::Rejected { .. } | Vendor::NotFound, .. }) => {
                self.unanswered.store(0, Ordering::Relaxed);
            }
            Err(Failure { error: Vendor::RateLimited { .. } | Vendor::Unauthorised { .. }, .. }) => {
                self.stop.store(true, Ordering::Relaxed);
            }
            Err(Failure { error: Vendor::Unavailable { .. } | Vendor::Malformed { .. }, .. }) => {
                if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= UNANSWERED {
                    self.stop.store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

/// The writes to one side.
struct Lane<'a> {
    side: Side,
    end: &'a End,
    /// The other side's end, where inserts are noted.
    other: &'a End,
    concurrency: usize,
    signals: &'a Signals,
    waiting: VecDeque<(usize, Write)>,
    under_way: usize,
}

impl<'a> Lane<'a> {
    fn of(context: &'a Context, sync: &SyncRow, side: Side, signals: &'a Signals) -> Result<Self> {
        let (end, other) = (context.end_at(sync, side)?, context.end_at(sync, side.other())?);
        let concurrency = end.connector.concurrency().max(1);
        Ok(Self { side, end, other, concurrency, signals, waiting: VecDeque::new(), under_way: 0 })
    }

    fn is_stopped(&self) -> bool {
        self.signals.stop.load(Ordering::Relaxed)
    }

    fn obstacle(&self, error: Vendor) -> Obstacle {
        Obstacle { connection: self.end.connection, name: self.end.name.clone(), error }
    }
}

/// Where a side's lane stands.
const fn place(side: Side) -> usize {
    match side {
        Side::Destination => 0,
        Side::Source => 1,
    }
}

struct Sender<'a> {
    context: &'a Context,
    sync: &'a SyncRow,
    lanes: [Lane<'a>; 2],
    /// The answers to each load's writes to each side.
    open: BTreeMap<(usize, Side), Answers>,
    settled: mpsc::Sender<Settled>,
    stop: Option<Stop>,
}

impl<'a> Sender<'a> {
    fn accept(&mut self, number: usize, load: Load, flow: &Flow) {
        flow.take_room();
        let Load { writes, timing, intended_at, chunk } = load;
        for write in writes {
            let lane = &mut self.lanes[place(write.side)];
            let answers = self.open.entry((number, lane.side));
            answers.or_insert_with(|| Answers::new(timing, intended_at, chunk.clone())).expect();
            lane.waiting.push_back((number, write));
        }
    }

    /// Lets as many of the waiting writes go as may be under way at once; what is not to be sent any more stays.
    fn start(&mut self, flying: &FuturesUnordered<Flight<'a>>, flow: &Flow) {
        let (context, sync) = (self.context, self.sync);
        if self.stop.is_some() {
            flow.stop();
        }
        for (index, lane) in self.lanes.iter_mut().enumerate() {
            while lane.under_way < lane.concurrency {
                let Some((number, write)) = lane.waiting.pop_front() else { break };
                let Some(answers) = self.open.get_mut(&(number, lane.side)) else { continue };
                let noted_at = is_to_be_noted(sync, &write).then_some(lane.other.connection);
                let halted = context.halted(lane.end.connection).or_else(|| context.halted(noted_at?));
                // The intents' deadline allows for writes that are sent until then.
                if halted.is_some() || lane.is_stopped() || context.now() - answers.intended_at >= SENDING {
                    answers.leave(write.pair.record.id);
                    if lane.is_stopped() {
                        flow.stop();
                    }
                    if let Some(obstacle) = halted {
                        self.stop.get_or_insert_with(|| Stop { obstacle, records: answers.chunk.clone() });
                        flow.stop();
                    }
                    continue;
                }
                lane.under_way += 1;
                let ends = (lane.end, lane.other, lane.signals);
                flying.push(fly(context, sync, ends, Booking { number, lane: index, write, timing: answers.timing }));
            }
        }
    }

    fn take(&mut self, answer: Answer) {
        let Answer { number, lane, write, timing, answer, noted } = answer;
        let lane = &mut self.lanes[lane];
        lane.under_way -= 1;
        let failure = answer.as_ref().err().map(|failure| &failure.error);
        if let Some(error) = failure {
            self.context.heed(&lane.obstacle(error.clone()));
        }
        locked(&self.context.health).note(lane.end.connection, write.pair.record.id, failure);
        if let Some(answers) = self.open.get_mut(&(number, lane.side)) {
            if let Noted::Later(obstacle) = &noted {
                self.stop.get_or_insert_with(|| Stop { obstacle: obstacle.clone(), records: answers.chunk.clone() });
            }
            answers.take(write, timing, answer, noted);
        }
    }

    /// Hands over what can be settled.
    async fn settle(&mut self, flow: &Flow) {
        let complete: Vec<(usize, Side)> =
            self.open.iter().filter(|(_, answers)| answers.is_complete()).map(|(key, _)| *key).collect();
        let mut settled: Vec<Settled> = self.open.values_mut().filter_map(Answers::batch).collect();
        for key in complete {
            let Some(answers) = self.open.remove(&key) else { continue };
            let records = answers.chunk.clone();
            let (rest, error) = answers.finish();
            settled.extend(rest);
            if let Some(error) = error {
                let obstacle = self.lanes[place(key.1)].obstacle(error);
                self.stop.get_or_insert(Stop { obstacle, records });
                flow.stop();
            }
        }
        for settled in settled {
            // Nobody takes it any more when settling has failed, which ends all of this.
            drop(self.settled.send(settled).await);
        }
    }

    fn has_room(&self) -> bool {
        self.lanes.iter().all(|lane| lane.waiting.len() < lane.concurrency.max(FEW))
    }
}

/// Whether the write's number is noted at the source.
fn is_to_be_noted(sync: &SyncRow, write: &Write) -> bool {
    sync.settings.write_back && write.is_new_in_destination()
}

/// A write with its place.
struct Booking {
    number: usize,
    lane: usize,
    write: Write,
    timing: Timing,
}

fn fly<'a>(
    context: &'a Context,
    sync: &'a SyncRow,
    (end, other, signals): (&'a End, &'a End, &'a Signals),
    Booking { number, lane, write, timing }: Booking,
) -> Flight<'a> {
    Box::pin(async move {
        let started_at = context.now();
        let answer = save::act(end, sync, &write).await;
        signals.note(&answer);
        let noted = match (&answer, write.pair.found(Side::Source)) {
            (Ok(Done::Saved(saved)), Some(source)) if is_to_be_noted(sync, &write) => {
                save::write_back(context, other, sync, &source.id, &saved.found.label).await
            }
            _ => Noted::Yes,
        };
        let timing = Timing { started_at, now: context.now(), ..timing };
        Answer { number, lane, write, timing, answer, noted }
    })
}
