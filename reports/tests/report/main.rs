//! What reports hold, and how the page behaves in a real browser.

mod beside;
mod browser;
mod chrome;
mod combine;
mod diff_page;
mod extreme;
mod fixture;
mod hostile;
mod layout;
mod markdown;
mod matrix;
mod orders;
mod profile;
mod regret;
mod sparse;
mod svg;
mod verdict;
