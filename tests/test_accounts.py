"""What became of whom, by hand."""

from gait_jax.anonymization.accounts import (
    NOT_CHOSEN,
    Account,
    frames_said,
    more,
    ranges,
    said,
    spread,
    summary,
)


def test_frames_become_ranges():
    assert ranges({7, 1, 3, 2}) == [[1, 3], [7, 7]]
    assert ranges(()) == []
    assert frames_said([[1, 3], [7, 7]]) == "1–3, 7"


def test_some_frames_are_spread_over_many():
    # The middles of three parts of four.
    assert spread(range(100, 112), 3) == [102, 106, 110]
    assert spread([4, 9], 6) == [4, 9] and spread([], 6) == []


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


def test_who_was_not_chosen_is_told_apart_from_who_could_not_be_shown():
    one, two, three = Account(0, 9, set(range(10))), Account(0, 9), Account(2, 4)
    two.hidden[NOT_CHOSEN] |= set(range(10))
    three.hidden[NOT_CHOSEN] |= {2, 4}
    three.hidden["partly hidden"] |= {3}
    people = [account.described(n) for n, account in enumerate((one, two, three), 1)]
    assert summary(people) == (
        "3 people: person 1 shown in all of their frames; person 3 never shown; person 2 not chosen"
    )


def test_what_is_said_of_a_video_and_of_its_preview():
    told = (1, "a"), (2, "b"), (4, "a")
    people: list[dict] = [{"person": n, "told": line, "shown": [[0, 0]]} for n, line in told]
    people.append({"person": 5, "told": "a", "shown": []})
    entry = {
        "frames": 9,
        "summary": "3 people",
        "people": [*people, {"person": 3, "shown": [[1, 1]]}],
        "painted_out": {"x": [[0, 0]], "y": [[1, 2], [4, 4]]},
        "warnings": ["w"],
    }
    assert said(entry) == "9 frames, 3 people"
    assert said(entry | {"frames": 1}) == "1 frame, 3 people"
    assert more(entry) == [
        "tells of person 1, 4 a",
        "tells of person 2 b",
        "painted out in 1 frame: x",
        "painted out in 3 frames: y",
        "w",
    ]
    assert said({"numbered": 2}) == "2 people, numbered from 1"
    assert said({"numbered": 0}) == "nobody was found"
    assert more({"numbered": 2, "warnings": ["w"]}) == ["w"]
