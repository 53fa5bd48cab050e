//! Arenas of both kinds behave alike, and shared ones can be mapped a second time.

use quintet_arena::{Arena, Kind, PADDING};

fn both(test: impl Fn(&mut Arena)) {
    for kind in [Kind::Plain, Kind::Shared] {
        test(&mut Arena::new(kind));
    }
}

#[test]
fn memory_is_zero_aligned_and_padded() {
    both(|arena| {
        let first = arena.alloc(3).unwrap();
        let second = arena.alloc(16).unwrap();
        assert_eq!((first, second, arena.len()), (0, 8, 24));
        arena.put_bytes(first, b"abc");
        arena.put_word(second, 7);
        let memory = arena.memory();
        assert_eq!((memory.bytes(0, 3), memory.word(8), memory.word(16)), (&b"abc"[..], 7, 0));
        assert_eq!(memory.bytes(24, PADDING), &[0; PADDING]);
    });
}

#[test]
fn growing_keeps_the_contents_and_changes_the_id() {
    both(|arena| {
        arena.alloc(8).unwrap();
        arena.put_word(0, 42);
        let before = arena.id();
        arena.alloc(10 << 20).unwrap();
        assert_ne!(arena.id(), before);
        assert_eq!((arena.memory().word(0), arena.memory().word(5 << 20)), (42, 0));
    });
}

#[test]
fn what_is_taken_out_of_use_is_zero_when_it_comes_back() {
    both(|arena| {
        let at = arena.alloc(64).unwrap();
        arena.put_bytes(at, &[255; 64]);
        arena.truncate(8);
        assert_eq!(arena.memory().bytes(8, PADDING), &[0; PADDING]);
        arena.alloc(56).unwrap();
        assert_eq!(arena.memory().bytes(8, 56), &[0; 56]);
        assert_eq!(arena.memory().word(0), u64::MAX);
        arena.clear();
        assert!(arena.is_empty());
        arena.alloc(8).unwrap();
        assert_eq!(arena.memory().word(0), 0);
    });
}

#[test]
fn an_arena_has_a_largest_size() {
    both(|arena| {
        assert!(arena.alloc(usize::MAX).is_err());
        assert!(arena.alloc(quintet_arena::MAX_BYTES).is_err());
        assert!(arena.alloc(8).is_ok());
    });
}
