//! Entries, each of which stays where it is while it lives.

/// Things in numbered slots.
pub(super) struct Slots<T> {
    all: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// What is in a slot, if anything is.
    pub(super) fn get(&self, slot: u32) -> Option<&T> {
        self.all.get(slot as usize)?.as_ref()
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.all.get_mut(slot as usize)?.as_mut()
    }

    /// Puts something into a free slot. Tables have fewer entries than slots have numbers.
    pub(super) fn put(&mut self, item: T) -> u32 {
        match self.free.pop() {
            Some(slot) => {
                self.all[slot as usize] = Some(item);
                slot
            }
            None => {
                self.all.push(Some(item));
                self.all.len() as u32 - 1
            }
        }
    }

    /// Takes out what is in a slot.
    pub(super) fn take(&mut self, slot: u32) -> Option<T> {
        let item = self.all.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        Some(item)
    }

    /// All that is there.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.all.iter().flatten()
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.all.len() - self.free.len()
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.all.capacity() * size_of::<Option<T>>() + self.free.capacity() * size_of::<u32>()
    }
}
