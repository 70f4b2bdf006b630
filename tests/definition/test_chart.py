"""The chart of a definition, as BPMN 2.0 and as a picture: whole, without overlaps, escaped."""

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from portal.definition import bpmn, chart, diagram
from portal.definition.load import load
from portal.definition.tree import Definition

DEMO = Path(__file__).parents[2] / "portal" / "cli" / "demo"
ALL = """\
key: all
name: Everything <at> "once" & more
owner: dana@example.com
roles: {vendor: {kind: external, name: V}, buyer: {kind: staff, name: B}}
steps:
  - id: ask
    name: 'Tell us "all" <b> 🚢'
    assign: vendor
    due: 3 days
    form: {fields: [{id: sites, type: table, label: S, columns: [{id: t, type: text}]}]}
    on_timeout: {after: 9 days, do: skip}
  - id: both
    parallel:
      finish: any
      branches:
        - name: Papers
          steps:
            - {id: papers, assign: vendor, upload: {documents: [{id: w, name: W}]}}
            - id: look
              assign: buyer
              on_timeout: {after: 9 days, do: {return_to: papers}}
              approval:
                {question: ok?, on_changes: {return_to: papers}, on_reject: {return_to: ask}}
        - name: Credit
          steps: [{id: credit, when: "steps.ask.sites != null", assign: buyer, task: {}}]
        - {name: Nothing, steps: []}
  - id: every
    each:
      in: steps.ask.sites
      as: site
      steps:
        - {id: visit, assign: vendor, sign: {statement: I do}}
        - id: rate
          assign: buyer
          approval: {question: good?, on_changes: {return_to: visit}, on_reject: {return_to: ask}}
        - {id: last, assign: buyer, approval: {question: end?}}
  - id: pick
    choose:
      - when: size(steps.ask.sites) > 3
        steps:
          - {id: paid, wait: {signal: paid, timeout: 3 days}}
          - {id: call, call: {method: GET, url: "https://x.example/?a=1&b=2"}}
      - {when: size(steps.ask.sites) > 1, steps: [{id: inner, run: {definition: other}}]}
  - {id: sum, set: {x: 1 + 1}}
  - {id: rest, wait: {for: 2 days}}
  - {id: bye, message: {to: [vendor], subject: Hi, body: B}}
  - {id: end, assign: buyer, on_timeout: {after: 1 day, do: end}, task: {}}
"""
SOURCES = {"all": ALL} | {path.stem: path.read_text() for path in sorted(DEMO.glob("*.yaml"))}
each = pytest.mark.parametrize("name", SOURCES)
B = "{http://www.omg.org/spec/BPMN/20100524/MODEL}"
D = "{http://www.omg.org/spec/BPMN/20100524/DI}"
FLOW_NODES = {
    "startEvent", "endEvent", "userTask", "sendTask", "serviceTask", "scriptTask", "callActivity",
    "intermediateCatchEvent", "boundaryEvent", "subProcess", "exclusiveGateway",
    "parallelGateway", "complexGateway",
}  # fmt: skip


def tree(name: str) -> Definition:
    return load(SOURCES[name], name)


@each
def test_no_two_shapes_overlap(name: str) -> None:
    nodes = list(chart.of(tree(name)).nodes.values())
    for n, one in enumerate(nodes):
        for other in nodes[n + 1 :]:
            if other.within == one.id or one.within == other.id or "each" in (one.kind, other.kind):
                continue
            if one.on == other.id or other.on == one.id:
                continue
            apart = (
                one.x + one.w <= other.x or other.x + other.w <= one.x
                or one.y + one.h <= other.y or other.y + other.h <= one.y
            )  # fmt: skip
            assert apart, (one.id, other.id)


@each
def test_what_stands_in_an_each_lies_within_it(name: str) -> None:
    nodes = chart.of(tree(name)).nodes
    for node in nodes.values():
        if node.within:
            around = nodes[node.within]
            assert around.x <= node.x
            assert node.x + node.w <= around.x + around.w
            assert around.y <= node.y
            assert node.y + node.h <= around.y + around.h


@each
def test_every_flow_begins_and_ends_in_one_list_of_elements(name: str) -> None:
    root = Xml.fromstring(bpmn.export(tree(name)))
    for holder in [root.find(f"{B}process"), *root.iter(f"{B}subProcess")]:
        assert holder is not None
        ids = {one.get("id") for one in holder}
        flows = holder.findall(f"{B}sequenceFlow")
        for flow in flows:
            assert {flow.get("sourceRef"), flow.get("targetRef")} <= ids
        told = {one.get("id"): one for one in flows}
        for node in (one for one in holder if one.tag.removeprefix(B) in FLOW_NODES):
            for way, end in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
                for ref in node.findall(f"{B}{way}"):
                    assert told[str(ref.text)].get(end) == node.get("id")


@each
def test_every_element_can_be_reached_and_leads_somewhere(name: str) -> None:
    drawn = chart.of(tree(name))
    leads = {(flow.source, flow.target) for flow in drawn.flows}
    leads |= {(node.on, node.id) for node in drawn.nodes.values() if node.on}
    leads |= {
        (node.within, node.id)
        for node in drawn.nodes.values()
        if node.within and node.kind == "start"
    }
    reached, new = set(), {"start"}
    while new:
        reached |= new
        new = {target for source, target in leads if source in reached} - reached
    assert reached == set(drawn.nodes)
    stuck = {
        node.id
        for node in drawn.nodes.values()
        if node.kind not in ("end", "rejected", "leave")
        and not any(source == node.id for source, _ in leads)
    }
    assert stuck == set()


@each
def test_references_resolve_ids_are_unique_and_all_is_drawn(name: str) -> None:
    root = Xml.fromstring(bpmn.export(tree(name)))
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    for one in root.iter():
        for key in ("attachedToRef", "default", "messageRef", "escalationRef", "bpmnElement"):
            assert one.get(key) is None or one.get(key) in ids
    drawn = {one.get("bpmnElement") for one in root.iter(f"{D}BPMNShape")}
    wanted = {one.get("id") for one in root.iter() if one.tag.removeprefix(B) in FLOW_NODES}
    assert drawn == wanted
    edges = {one.get("bpmnElement") for one in root.iter(f"{D}BPMNEdge")}
    assert edges == {one.get("id") for one in root.iter(f"{B}sequenceFlow")}


def test_the_elements_are_what_they_do() -> None:
    root = Xml.fromstring(bpmn.export(tree("all")))
    tags = {one.get("id"): one.tag.removeprefix(B) for one in root.iter() if one.get("id")}
    assert tags["step_ask"] == "userTask"
    assert tags["timeout_ask"] == "boundaryEvent"
    assert tags["split_both"] == "parallelGateway"
    assert tags["join_both"] == "complexGateway"
    assert tags["split_pick"] == "exclusiveGateway"
    assert tags["step_every"] == "subProcess"
    assert tags["step_paid"] == tags["step_rest"] == "intermediateCatchEvent"
    assert tags["step_call"] == "serviceTask"
    assert tags["step_inner"] == "callActivity"
    assert tags["step_sum"] == "scriptTask"
    assert tags["step_bye"] == "sendTask"
    process = root.find(f"{B}process")
    assert process is not None
    assert process.get("isExecutable") == "true"
    ask = next(one for one in root.iter() if one.get("id") == "step_ask")
    assert ask.get("name") == 'Tell us "all" <b> 🚢'


@each
def test_the_picture_is_well_formed_and_says_what_it_shows(name: str) -> None:
    definition = tree(name)
    picture = diagram.svg(definition, {"ask": "open"}, links='#"<step-', is_alone=True)
    root = Xml.fromstring(picture)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == definition.name
    described = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert all(str(step.name) in described for step in definition.all_steps())
    assert "<script" not in picture


def test_in_a_page_it_brings_no_style_of_its_own() -> None:
    assert "<style" not in diagram.svg(tree("all"))


def test_a_definition_of_four_hundred_steps_is_drawn() -> None:
    steps = "\n".join(f"  - {{id: s{n}, assign: b, task: {{}}}}" for n in range(400))
    text = f"key: k\nname: K\nowner: d@e.example\nroles: {{b: {{kind: staff}}}}\nsteps:\n{steps}\n"
    assert bpmn.export(load(text, "k")).count(b"<userTask") == 400


def test_what_others_call_the_namespaces_of_xml_changes_nothing() -> None:
    before = bpmn.export(load(ALL, "all"))
    Xml.register_namespace("theirs", "http://www.omg.org/spec/BPMN/20100524/MODEL")
    assert bpmn.export(load(ALL, "all")) == before
