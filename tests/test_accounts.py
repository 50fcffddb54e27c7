"""What became of whom, by hand."""

from gait_jax.anonymization.accounts import Account, ranges, summary


def test_frames_become_ranges():
    assert ranges({7, 1, 3, 2}) == [[1, 3], [7, 7]]
    assert ranges(()) == []


def test_a_person_is_described_and_a_clip_said_in_a_line():
    one = Account(0, 163, set(range(164)), told="at most 9.2 bits")
    two = Account(5, 90, {*range(5, 40), *range(72, 91)})
    two.hidden["overlaps another person"] |= set(range(40, 72))
    three = Account(8, 8)
    three.hidden["person too small"].add(8)
    people = [account.described(n) for n, account in enumerate((one, two, three), 1)]
    assert people[0] == {
        "person": 1,
        "frames": [0, 163],
        "shown": [[0, 163]],
        "hidden": {},
        "told": "at most 9.2 bits",
    }
    assert people[1]["hidden"] == {"overlaps another person": [[40, 71]]}
    assert "told" not in people[1]
    assert summary(people) == (
        "3 people: person 1 shown in all of their frames; person 2 hidden in frames 40–71 "
        "(overlaps another person); person 3 never shown"
    )
    assert summary(people[:1]) == "1 person: person 1 shown in all of their frames"
    assert summary([]) == "nobody was found"
    two.hidden["partly hidden"] |= {6, 8, 10, 12, 80}
    assert "hidden in frames 6, 8, 10, 12 and 2 more (" in summary([two.described(2)])
    assert "hidden in frame 8" in summary([Account(7, 8, {7}, {"x": {8}}).described(1)])
    many = [two.described(n) for n in range(1, 8)]
    assert summary(many).endswith("; 3 more hidden in some frames")
