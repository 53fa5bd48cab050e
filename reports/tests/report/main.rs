//! What reports hold, and how the page behaves in a real browser.

mod beside;
mod browser;
mod chrome;
mod combine;
mod extreme;
mod diff_page;
mod fixture;
mod hostile;
mod markdown;
mod profile;
mod sparse;
mod svg;
