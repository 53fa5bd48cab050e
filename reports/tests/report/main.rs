//! What reports hold, and how the page behaves in a real browser.

mod browser;
mod chrome;
mod combine;
mod extreme;
mod fixture;
mod hostile;
mod layout;
mod markdown;
mod matrix;
mod orders;
mod sparse;
mod svg;
mod verdict;
