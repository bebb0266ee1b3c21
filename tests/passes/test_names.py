from __future__ import annotations

from ascendc.passes import NameNodes


def test_nodes_get_names_that_an_edit_elsewhere_does_not_change(graph, apply):
    text = "agraph (float[n] x) => (float[n] y) {{ {} a = Abs(x) \n y = Neg(a) }}"
    model, longer = graph(text.format("")), graph(text.format("unrelated = Exp(x) \n"))
    assert not any(node.name for node in model.graph)
    assert apply(NameNodes(), model) == 2
    assert [node.name for node in model.graph] == ["Abs:a", "Neg:y"]
    apply(NameNodes(), longer)
    assert [node.name for node in longer.graph] == ["Exp:unrelated", "Abs:a", "Neg:y"]


def test_shared_names_and_separators(graph, apply):
    model = graph("agraph (float[n] x) => (float[n] y) { a = Abs(x) \n b = Exp(a) \n y = Neg(b) }")
    for node, name in zip(model.graph, ("same", "same", "two words;x"), strict=True):
        node.name = name
    assert apply(NameNodes(), model) == 2
    assert [node.name for node in model.graph] == ["same", "Exp:b", "two_words_x"]
    assert apply(NameNodes(), model) == 0


def test_the_name_of_an_input_is_taken(graph, apply):
    model = graph("agraph (float[n] x) => (float[n] y) { y = Neg(x) }")
    next(iter(model.graph)).name = "x"
    assert apply(NameNodes(), model) == 1
    assert [node.name for node in model.graph] == ["Neg:y"]
