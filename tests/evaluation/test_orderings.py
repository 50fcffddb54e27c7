from gait_jax.evaluation import orderings
from gait_jax.evaluation.rows import Row, to_frame


def _success(method, recogniser, value, **other):
    known = {
        "metric": "success@1",
        "attacker": "clean gallery",
        "setting": "same view",
        "condition": "all",
        "view": "all",
    }
    return Row(method=method, recogniser=recogniser, value=value, **known | other)


def _natural(method, share):
    return Row(method=method, metric="one_region", value=share)


def _method(label, alpha, noise="noise_gan"):
    return {"label": label, "facts": {"alpha": alpha, "noise": noise}}


def _over(metric, value, spread, **names):
    known = {"metric": f"success_over_{metric}@1", "low": value - spread, "high": value + spread}
    return _success(value=value, **known | {"method": "", "recogniser": ""} | names)


_ROWS = [
    *(_success("a2", "wu2017", 0.6), _success("a3", "wu2017", 0.4)),
    *(_success("a2", "zheng2011", 0.5), _success("a3", "zheng2011", 0.7)),
    # The first one of each pair in the study's order stands before `against`.
    _over("method", 0.2, 0.1, method="a2", against="a3", recogniser="wu2017"),
    _over("method", -0.2, 0.1, method="a2", against="a3", recogniser="zheng2011"),
    _over("recogniser", -0.1, 0.2, method="a2", recogniser="zheng2011", against="wu2017"),
    _over("recogniser", 0.3, 0.2, method="a3", recogniser="zheng2011", against="wu2017"),
    *(_natural("a2", 0.99), _natural("a3", 0.98), _natural("g", 0.5)),
]
_METHODS = {
    "a2": _method("A2", 0.2),
    "a3": _method("A3", 0.3),
    "g": _method("G", 0.3, "gaussian"),
}


def test_orderings_are_told_whichever_way_they_fall():
    found = orderings.check(to_frame(_ROWS), _METHODS)
    assert [(o["ordering"], o["holds"]) for o in found] == [
        ("success against wu2017 rises with α", "no"),
        ("success against zheng2011 rises with α", "yes"),
        ("A2: success higher against Zheng than against Wu", "cannot be told"),
        ("A3: success higher against Zheng than against Wu", "yes"),
        (
            "frames that look like a person: more with G_N than with a Gaussian seed",
            "cannot be told",
        ),
    ]
    assert [o["measured"] for o in found] == [
        "α 0.2: 60.0 %, α 0.3: 40.0 %; -20.0 (-30.0 to -10.0)",
        "α 0.2: 50.0 %, α 0.3: 70.0 %; +20.0 (+10.0 to +30.0)",
        "wu2017: 60.0 %, zheng2011: 50.0 %; -10.0 (-30.0 to +10.0)",
        "wu2017: 40.0 %, zheng2011: 70.0 %; +30.0 (+10.0 to +50.0)",
        "G: 50.0 %, A3: 98.0 %; no interval",
    ]


def test_without_an_interval_nothing_can_be_told():
    rows = [_success("a2", "wu2017", 0.1), _success("a3", "wu2017", 0.9)]
    few = _success("a3", "wu2017", 0.8, metric="success_over_method@1", against="a2")
    methods = {name: _METHODS[name] for name in ("a2", "a3")}
    for given in (rows, [*rows, few]):
        (found,) = orderings.check(to_frame(given), methods)
        assert (found["holds"], found["measured"]) == (
            "cannot be told",
            "α 0.2: 10.0 %, α 0.3: 90.0 %; no interval",
        )


def test_only_the_papers_attack_counts():
    # None of these is the papers' attacker over all probes, whatever it says.
    others = [
        _success("a2", "wu2017", 0.0, attacker="anonymized gallery"),
        _success("a2", "wu2017", 0.0, setting="cross-view"),
        _success("a2", "wu2017", 0.0, condition="nm"),
        _success("a2", "wu2017", 0.0, view="90"),
        _success("a2", "wu2017", 0.0, metric="success@3"),
        _success("a2", "wu2017", 0.0, source="Tieu et al. 2019"),
        Row(method="g", metric="one_region", source="Tieu et al. 2019", value=1.0),
        _over("method", -1, 0, method="a2", against="a3", recogniser="wu2017", view="90"),
    ]
    frame = to_frame([*others, *_ROWS])
    assert orderings.check(frame, _METHODS) == orderings.check(to_frame(_ROWS), _METHODS)


def test_equal_values_do_not_rise():
    same = _over("method", 0.0, 0.0, method="a2", against="a3", recogniser="wu2017")
    frame = to_frame([_success("a2", "wu2017", 0.5), _success("a3", "wu2017", 0.5), same])
    (found,) = orderings.check(frame, {name: _METHODS[name] for name in ("a2", "a3")})
    assert found["holds"] == "no"


def test_methods_without_these_facts_are_not_judged():
    frame = to_frame([*_ROWS, _success("other", "zheng2011", 0.1), _natural("other", 1.0)])
    for other in (
        {"label": "O"},
        {"label": "O", "facts": {}},
        {"label": "O", "facts": {"alpha": 0.4}},
        {"label": "O", "facts": {"noise": "noise_gan"}},
    ):
        found = orderings.check(frame, _METHODS | {"other": other})
        assert found == orderings.check(to_frame(_ROWS), _METHODS)
    assert orderings.check(frame, {"other": {"label": "O", "facts": {}}}) == []


def test_what_was_not_measured_is_not_judged():
    # One α twice orders nothing, nor does a success that is missing, nor a share.
    twice = {"a2": _method("A2", 0.3), "a3": _method("A3", 0.3)}
    found = orderings.check(to_frame(_ROWS), twice)
    assert [o["ordering"][:2] for o in found] == ["A2", "A3"]
    found = orderings.check(to_frame(_ROWS[1:-1]), _METHODS)
    assert [o["ordering"] for o in found] == [
        "success against zheng2011 rises with α",
        "A3: success higher against Zheng than against Wu",
    ]
