"""The chart of a definition, as BPMN 2.0 and as a picture: whole, without overlaps, escaped."""

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from portal.definition import bpmn, charting, diagram
from portal.definition.chart import ENDS
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
    "parallelGateway", "receiveTask",
}  # fmt: skip


def tree(name: str) -> Definition:
    return load(SOURCES[name], name)


@each
def test_no_two_shapes_overlap(name: str) -> None:
    nodes = list(charting.of(tree(name)).nodes.values())
    for n, one in enumerate(nodes):
        for other in nodes[n + 1 :]:
            if other.within == one.id or one.within == other.id or "sub" in (one.kind, other.kind):
                continue
            if one.on == other.id or other.on == one.id or one.within != other.within:
                continue
            apart = (
                one.x + one.w <= other.x or other.x + other.w <= one.x
                or one.y + one.h <= other.y or other.y + other.h <= one.y
            )  # fmt: skip
            assert apart, (one.id, other.id)


@each
def test_what_stands_in_a_sub_process_lies_within_it(name: str) -> None:
    nodes = charting.of(tree(name)).nodes
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
    drawn = charting.of(tree(name))
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
        if node.kind not in ENDS and not any(source == node.id for source, _ in leads)
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
    wanted = {
        one.get("id")
        for one in root.iter()
        if one.tag.removeprefix(B) in FLOW_NODES | {"participant", "lane"}
    }
    assert drawn == wanted
    edges = {one.get("bpmnElement") for one in root.iter(f"{D}BPMNEdge")}
    assert edges == {one.get("id") for one in root.iter(f"{B}sequenceFlow")}


def test_the_elements_are_what_they_do() -> None:
    root = Xml.fromstring(bpmn.export(tree("all")))
    tags = {one.get("id"): one.tag.removeprefix(B) for one in root.iter() if one.get("id")}
    assert tags["step_ask"] == "userTask"
    assert tags["timeout_ask"] == "boundaryEvent"
    assert tags["step_both"] == "subProcess"
    assert tags["split_both"] == "parallelGateway"
    assert tags["join_both"] == "exclusiveGateway"
    assert tags["split_pick"] == "exclusiveGateway"
    assert tags["step_every"] == "subProcess"
    assert tags["step_rest"] == "intermediateCatchEvent"
    assert tags["step_paid"] == "receiveTask"
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
def test_every_role_has_a_lane_and_everything_outside_of_blocks_stands_in_one(name: str) -> None:
    definition = tree(name)
    root = Xml.fromstring(bpmn.export(definition))
    lanes = {one.get("name"): one for one in root.iter(f"{B}lane")}
    assert {role.name for role in definition.roles.values()} <= set(lanes)
    held = [ref.text for lane in lanes.values() for ref in lane]
    assert len(held) == len(set(held))
    process = root.find(f"{B}process")
    assert process is not None
    assert {one.get("id") for one in process if one.tag.removeprefix(B) in FLOW_NODES} == set(held)
    # What a lane holds lies in it, and the lanes fill the pool.
    boxes = {
        shape.get("bpmnElement"): {key: int(value) for key, value in shape[0].items()}
        for shape in root.iter(f"{D}BPMNShape")
    }
    pool = boxes["pool"]
    assert pool["height"] == sum(boxes[lane.get("id")]["height"] for lane in lanes.values())
    for lane in lanes.values():
        around = boxes[lane.get("id")]
        for ref in lane:
            box = boxes[ref.text]
            assert around["x"] <= box["x"] < box["x"] + box["width"] <= pool["width"]
            assert around["y"] <= box["y"]
            assert box["y"] + box["height"] <= around["y"] + around["height"]


# The order in which the OMG's Semantic.xsd wants what stands in an element; the rest is free.
ORDER = {
    "process": ("documentation", "laneSet", "*"),
    "subProcess": ("documentation", "incoming", "outgoing", "multiInstanceLoopCharacteristics",
                   "*"),
    "userTask": ("documentation", "incoming", "outgoing", "potentialOwner"),
    "scriptTask": ("documentation", "incoming", "outgoing", "script"),
    "multiInstanceLoopCharacteristics": ("loopCardinality", "completionCondition"),
    "boundaryEvent": ("incoming", "outgoing", "timerEventDefinition",
                      "escalationEventDefinition"),
    "endEvent": ("incoming", "escalationEventDefinition", "messageEventDefinition",
                 "terminateEventDefinition"),
    "definitions": ("message", "escalation", "collaboration", "process",
                    "{http://www.omg.org/spec/BPMN/20100524/DI}BPMNDiagram"),
}  # fmt: skip
# Attributes that the schema requires of elements we write.
REQUIRED = {
    "sequenceFlow": ("id", "sourceRef", "targetRef"),
    "boundaryEvent": ("id", "attachedToRef"),
    "participant": ("id", "processRef"),
    "escalationEventDefinition": ("escalationRef",),
    "messageEventDefinition": ("messageRef",),
}


@each
def test_elements_stand_in_the_order_of_the_schema_with_what_it_requires(name: str) -> None:
    root = Xml.fromstring(bpmn.export(tree(name)))
    ids = {str(one.get("id")) for one in root.iter() if one.get("id")}
    # xsd:ID and xsd:IDREF are names of XML.
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", id_) for id_ in ids)
    for one in root.iter():
        order = ORDER.get(one.tag.removeprefix(B))
        if order:
            tags = [child.tag.removeprefix(B) for child in one]
            places = [order.index(tag) if tag in order else order.index("*") for tag in tags]
            assert places == sorted(places), (one.get("id"), tags)
        for key in REQUIRED.get(one.tag.removeprefix(B), ()):
            assert one.get(key)
        if one.tag == f"{B}lane":
            assert all(child.tag == f"{B}flowNodeRef" and child.text in ids for child in one)
        if one.tag == f"{B}exclusiveGateway":
            out = [ref.text for ref in one.findall(f"{B}outgoing")]
            asked = {
                flow.get("id")
                for flow in root.iter(f"{B}sequenceFlow")
                if flow.find(f"{B}conditionExpression") is not None
            }
            assert len(out) == 1 or set(out) - asked == {one.get("default")}


def test_what_the_clock_does_to_a_step_hangs_at_its_edge() -> None:
    text = """\
key: late
name: Late
owner: dana@example.com
roles: {vendor: {kind: external, name: V}, boss: {kind: staff, name: B}}
steps:
  - id: ask
    assign: vendor
    due: 3 days
    escalate: [{after: 2 hours, to: boss, then: reassign}, {after: 1 week, to: owner}]
    task: {}
  - {id: work, assign: vendor, due: 2 business days, remind: ["on due"], task: {}}
  - {id: three, parallel: {finish: 2, branches: [
      {name: A, steps: [{id: a, assign: boss, task: {}}]},
      {name: B, steps: [{id: b, assign: boss, on_timeout: {after: 1 day, do: reject}, task: {}}]},
      {name: C, steps: []}]}}
"""
    root = Xml.fromstring(bpmn.export(load(text, "late")))
    byid = {one.get("id"): one for one in root.iter() if one.get("id")}
    rungs = [byid[f"late{n}_ask"] for n in range(2)]
    assert [one.get("cancelActivity") for one in rungs] == ["false", "false"]
    assert [one.findtext(f".//{B}timeDuration") for one in rungs] == ["P3DT2H", "P10D"]
    assert byid["told_late0_ask"].get("name") == "Give to boss"
    assert byid["told_late0_ask"].find(f"{B}escalationEventDefinition") is not None
    # ISO 8601 knows no working days: they are given in words, and named as such.
    due = byid["due_work"].find(f".//{B}timeDuration")
    assert due is not None
    assert (due.text, due.get("language")) == ("2 business days", "urn:portal:duration")
    # What is rejected inside comes out of the block and ends the process.
    assert byid["timeout_b"].get("cancelActivity") == "true"
    left = next(one for one in root.iter(f"{B}boundaryEvent") if "left_" in str(one.get("id")))
    assert left.get("attachedToRef") == "step_three"
    enough = byid["enough_three"]
    assert enough.find(f"{B}terminateEventDefinition") is not None
    counted = [one.text for one in root.iter(f"{B}conditionExpression")]
    assert counted == ["done >= 2"]


@each
def test_the_picture_is_well_formed_and_says_what_it_shows(name: str) -> None:
    definition = tree(name)
    first = definition.steps[0].id
    picture = diagram.svg(definition, {first: "open"}, links='#"<step-', style=".a{}")
    root = Xml.fromstring(picture)
    assert root.findtext("{http://www.w3.org/2000/svg}title") == definition.name
    described = root.findtext("{http://www.w3.org/2000/svg}desc") or ""
    assert all(str(step.name) in described for step in definition.all_steps())
    assert "<script" not in picture
    links = root.iter("{http://www.w3.org/2000/svg}a")
    labels = {str(one.get("href")): str(one.get("aria-label")) for one in links}
    assert set(labels) == {f'#"<step-{step.id}' for step in definition.all_steps()}
    assert labels[f'#"<step-{first}'].endswith("now")


@each
def test_no_two_boxes_of_the_picture_overlap_and_all_lie_in_it(name: str) -> None:
    root = Xml.fromstring(diagram.svg(tree(name)))
    width, height = int(root.get("width", 0)), int(root.get("height", 0))
    boxes = [
        tuple(int(one.get(key, 0)) for key in ("x", "y", "width", "height"))
        for one in root.iter("{http://www.w3.org/2000/svg}rect")
        if one.get("class") == "box"
    ]
    for n, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert y >= 0
        assert x + w <= width
        assert y + h <= height
        for bx, by, bw, bh in boxes[n + 1 :]:
            assert x + w <= bx or bx + bw <= x or y + h <= by or by + bh <= y


def test_a_list_without_branches_is_as_narrow_as_a_telephone() -> None:
    root = Xml.fromstring(diagram.svg(tree("supplier-onboarding")))
    assert int(root.get("width", 0)) < 320


def test_signs_that_no_xml_may_hold_stand_in_none() -> None:
    text = ALL.replace("""'Tell us "all" <b> 🚢'""", '"Tell us \\ufffe ]]>& \\uffff"')
    definition = load(text, "all")
    for document in (bpmn.export(definition).decode(), diagram.svg(definition)):
        Xml.fromstring(document)
        assert "\ufffd" in document
        assert not {"\ufffe", "\uffff"} & set(document)


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
