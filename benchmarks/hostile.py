"""The worst documents that we know of: each within a thousand tokens and made to cost as much as it can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import GraphQLSchema, GraphQLSyntaxError, Lexer, Source, TokenKind

TOKENS = 1_000
"""Lexical tokens that a document may have here."""


class Hostile(NamedTuple):
    """A request that means harm."""

    name: str
    text: str
    variables: Mapping[str, Any] = {}
    operation: str | None = None


def tokens_of(text: str) -> int:
    """The lexical tokens of a document, as far as it has any."""
    lexer, count = Lexer(Source(text)), 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            count += 1
    except GraphQLSyntaxError:
        pass
    return count


def filled(name: str, head: str, part: str, tail: str, **said: Any) -> Hostile:
    """A document with as many parts as it may have; `#` in a part is its number."""

    def text(count: int) -> str:
        return head + " ".join(part.replace("#", str(at)) for at in range(count)) + tail

    least, most = 1, TOKENS
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if tokens_of(text(middle)) <= TOKENS else (least, middle - 1)
    return Hostile(name, text(least), **said)


def chain(name: str, on: str, levels: int, part: str, last: str, head: str = "{ ...F0 }") -> Hostile:
    """Fragments in a chain, as many of `levels` as there may be; `#` is the number of the next."""

    def text(count: int) -> str:
        links = [f"fragment F{at} on {on} {{ {part.replace('#', str(at + 1))} }}" for at in range(count)]
        return " ".join([head, *links, f"fragment F{count} on {on} {{ {last} }}"])

    return Hostile(
        name, next(text(count) for count in range(levels, 0, -1) if tokens_of(text(count)) <= TOKENS)
    )


def fragments() -> Iterator[Hostile]:
    """Fragments within fragments, and the same fields from many of them."""
    yield chain("fragments 59 deep, doubled", "Query", 59, "...{...F#} ...{...F#}", "viewer{kind}")
    yield chain("fragments 59 deep, fields doubled", "Query", 59, "viewer{kind} ...F# ...F#", "viewer{kind}")
    yield chain("fragments 59 deep, names twice", "Query", 59, "viewer{...on Viewer{kind}} ...{...F#}",
                "viewer{kind}")  # fmt: skip
    yield chain("fragments 14 deep by fields", "Channel", 14, "children{edges{node{...F#}}} ...{...F#}",
                "code", '{ channel(code:"hq"){...F0} }')  # fmt: skip
    yield chain("fragments 12 deep, spread eight times", "Channel", 12,
                " ".join("...on Node{...{...F#}}" for _ in range(8)), "code",
                '{ channel(code:"hq"){...F0} }')  # fmt: skip
    every = " ".join(f"...F{n}" for n in range(58))
    wide = " ".join(f"fragment F{n} on Query{{viewer{{kind}}viewer{{kind}}}}" for n in range(58))
    yield Hostile("fields of 58 fragments", f"{{ {every} }} {wide}")
    wide = " ".join(f"fragment F{n} on Viewer{{channel{{code name}} kind}}" for n in range(58))
    yield Hostile("composite fields of 58 fragments", f"{{ viewer{{ {every} }} }} {wide}")
    names = [f"F{n}" for n in range(20)]
    circle = " ".join(
        f"fragment {name} on Query{{{' '.join(f'...{other}' for other in names)}}}" for name in names
    )
    yield Hostile("every fragment spreads every other", f"{{ ...F0 }} {circle}")
    forward = " ".join(
        f"fragment F{n} on Query{{viewer{{kind}} {' '.join(f'...F{m}' for m in range(n + 1, 26))}}}"
        for n in range(26)
    )
    yield Hostile("every fragment spreads all later ones", f"{{ ...F0 }} {forward}")
    yield chain("inline fragments around spreads", "Query", 18, " ".join("...{...{...F#}}" for _ in range(6)),
                "viewer{kind}")  # fmt: skip


def repeats() -> Iterator[Hostile]:
    """The same names over and over."""
    yield filled("one field inline", "{", "...{viewer{kind}}", "}")
    yield filled(
        "one composite field in inline fragments", '{channel(code:"hq"){', "...{account{__typename}}", "}}"
    )
    yield filled("one leaf in inline fragments", "{viewer{", "...{kind}", "}}")
    yield filled("one leaf, thirty to a fragment", "{viewer{", "...{" + "kind " * 30 + "}", "}}")
    yield filled("leaves under one name", "{viewer{", "...{a: kind}", "}}")
    yield filled("arguments under one name", "{", '...{product(slug: "x#"){id}}', "}")
    yield filled("long equal arguments", "{", '...{node(id: "%s"){id}}' % ("x" * 200), "}")
    yield filled(
        "list arguments", "{", "...{cardImports(status:[QUEUED QUEUED QUEUED QUEUED]){totalCount}}", "}"
    )
    yield filled("aliases", "{", "a#: viewer{kind}", "}")
    yield filled("aliases of leaves", "{viewer{", "a#: kind", "}}")
    yield filled("typenames", "{viewer{", "...{__typename}", "}}")
    yield filled("conflicts", "{viewer{", "...{a: kind} ...{a: name}", "}}")
    yield filled("a tree of one field", "{", "...{orders{edges{node{lines{id}}}}}", "}")
    yield filled("many products", "{", "...{products{edges{node{variants{id sku name}}}}}", "}")


def names() -> Iterator[Hostile]:
    """Names that the schema does not know, and those that nearly are some of its."""
    yield filled("unknown fields", "{viewer{", "f#", "}}")
    yield filled("unknown long fields", "{viewer{", "availableQuantityOfProducts#", "}}")
    yield filled("unknown fields deep down", "{products{edges{node{", "variantsOfProduct#", "}}}}")
    yield filled("unknown types", "{viewer{", "...on CardImportConnectionEdge#{id}", "}}")
    yield filled("unknown fragments", "{", "...Fragment#", "}")
    yield filled("unknown arguments", "{", "a#:products(firstly#:1 lastly#:1 afterwards#:1){totalCount}", "}")
    yield filled("unknown arguments of one field", "{products(", "firstOfAll#: 1", "){totalCount}}")
    yield filled("unknown enum values", "{cardImports(status:[", "QUEUED_OF_ALL_#", "]){totalCount}}")
    yield filled("unknown input fields", "{quote(input:{", "linesOfOrder#: 1", "}){token}}")
    yield filled("unknown variable types", "query(", "$v#: PlaceOrderInputs#", "){viewer{kind}}")
    yield filled("unknown directives", "{viewer{kind", "@includes#", "}}")
    yield filled("undefined variables", "{cardImports(status:[", "$v#", "]){totalCount}}")
    yield filled("very long names", "{viewer{", "a" * 25 + "#", "}}")
    yield filled("long names", "{viewer{", "permissionsOfTheViewer" + "#", "}}")
    yield filled("node on everything wrong", '{node(id:"x"){', "...{availableQuantity#}", "}}")
    yield filled("unknown fields of a union", "mutation{placeOrder(input:{}){", "message#", "}}")


def values() -> Iterator[Hostile]:
    """Literals and variables in great numbers."""
    yield filled("literals in a list", "{cardImports(status:[", "QUEUED", "]){totalCount}}")
    yield filled("wrong literals in a list", "{cardImports(status:[", "1", "]){totalCount}}")
    yield filled("objects in a list", "{quote(input:{lines:[", '{sku:"x" quantity:1}', "]}){token}}")
    yield filled("wrong objects in a list", "{quote(input:{lines:[", "{sku:1 quantity:A}", "]}){token}}")
    yield filled("empty objects in a list", "{quote(input:{lines:[", "{}", "]}){token}}")
    yield Hostile("lists in lists", "{cardImports(status:" + "[" * 480 + "]" * 480 + "){totalCount}}")
    yield Hostile("lists in lists, 60", "{cardImports(status:" + "[" * 60 + "]" * 60 + "){totalCount}}")
    yield Hostile("objects in objects", "{quote(input:" + "{a:" * 240 + "1" + "}" * 240 + "){token}}")
    yield filled("variables", "query(", "$v#: Int", "){viewer{kind}}")
    yield filled("variables of input types", "query(", "$v#: QuoteInput!", "){viewer{kind}}")
    yield filled("variables with defaults", "query(", "$v#: [CardImportStatus!]=[QUEUED]", "){viewer{kind}}")
    yield filled("variables in lists", "query($s: CardImportStatus!){cardImports(status:[", "$s",
                 "]){totalCount}}", variables={"s": "QUEUED"})  # fmt: skip
    yield filled("variables in objects", "query($s: String!){quote(input:{lines:[", "{sku:$s quantity:1}",
                 "]}){token}}", variables={"s": "x"})  # fmt: skip
    yield filled("variables twice", "query(", "$v: Int", "){viewer{kind}}")
    many = ["QUEUED"] * 10_000
    listed = "query($s:[CardImportStatus!]){cardImports(status:$s){totalCount}}"
    yield Hostile("ten thousand values", listed, {"s": many})
    yield Hostile("a megabyte of values", listed, {"s": ["QUEUED"] * 120_000})
    yield Hostile("a megabyte of wrong values", listed, {"s": [1] * 400_000})
    line = {"sku": "x", "quantity": 1}
    basket = "query($i: QuoteInput!){quote(input:$i){token}}"
    yield Hostile("a basket of 30,000 lines", basket, {"i": {"lines": [line] * 30_000}})
    yield Hostile("unknown keys", basket, {"i": {f"lines{n}": 1 for n in range(50_000)}})
    yield Hostile("unknown keys of lines", basket, {"i": {"lines": [{f"s{n}": 1} for n in range(50_000)]}})
    yield Hostile("long wrong names", basket, {"i": {"lines" * 100_000: 1}})
    yield Hostile("a long wrong enum", listed, {"s": ["QUEUED" * 100_000]})
    yield Hostile("variables that nobody declared", "{viewer{kind}}", {f"v{n}": n for n in range(60_000)})
    yield filled("values for all variables", "query(", "$v#: [CardImportStatus!]", "){viewer{kind}}",
                 variables={f"v{n}": ["QUEUED"] for n in range(200)})  # fmt: skip


def operations() -> Iterator[Hostile]:
    """Many operations, and many directives."""
    yield filled("operations", "", "query Q#{viewer{kind}}", "", operation="Q1")
    yield filled("operations of one name", "", "query Q{viewer{kind}}", "", operation="Q")
    shared = " ".join(f"fragment F{n} on Query{{node(id:$v){{id}} ...F{n + 1}}}" for n in range(30))
    shared += " fragment F30 on Query{node(id:$v){id}}"
    yield filled("operations that share fragments", "", "query Q#($v:ID!){...F0}", shared, operation="Q1",
                 variables={"v": "x"})  # fmt: skip
    yield filled("anonymous operations", "", "{viewer{kind}}", "")
    yield filled("directives", "{viewer{kind", "@skip(if:false)@include(if:true)", "}}")
    yield filled("fields with directives", "{viewer{", "...@include(if:true){kind @skip(if:false)}", "}}")
    yield filled("flags", "query(", "$f#: Boolean!", "){viewer{kind}}")
    flags = " ".join(f"$f{n}: Boolean!" for n in range(50))
    used = " ".join(f"a{n % 49}: kind @include(if:$f{n})" for n in range(49))
    yield Hostile("flags in use", f"query({flags}){{viewer{{{used}}} "
                  + " ".join(f"...@skip(if:$f{n}){{viewer{{kind}}}}" for n in range(49, 50)) + "}",
                  {f"f{n}": n % 2 == 0 for n in range(50)})  # fmt: skip


def types(schema: GraphQLSchema) -> Iterator[Hostile]:
    """Every object at once, and the schema itself."""
    node = schema.get_type("Node")
    assert node is not None
    possible = [one.name for one in schema.get_possible_types(node)]  # type: ignore[arg-type]
    every = " ".join(f"...on {name}{{id}}" for name in possible)
    yield filled("node on every type", '{node(id:"x"){' + every, "...on Node{...on Node{id}}", "}}")
    yield filled("node in inline fragments", '{node(id:"x"){', "...on Node{id __typename}", "}}")
    link = "...on Node{...F#} ...on Node{...F#} id"
    yield chain("node in fragments", "Node", 50, link, "id", '{node(id:"x"){...F0}}')
    deep = "...on Order{channel{...F#}} ...on Channel{account{__typename}...on Node{...F#}} ...on Node{...F#}"
    yield chain("node and channels", "Node", 7, deep, "id", '{node(id:"x"){...F0}}')
    refusals = "...on Refusal{code message field}"
    yield filled("every refusal", 'mutation{placeOrder(input:{lines:[]idempotencyKey:"k"}){', refusals, "}}")
    roots = " ".join(f'a{n}: placeOrder(input:{{lines:[]idempotencyKey:"k"}}){{...R}}' for n in range(20))
    many = " ".join("...on Refusal{code message field}" for _ in range(20))
    yield Hostile("twenty mutations", f"mutation{{{roots}}} fragment R on PlaceOrderResult{{"
                  f"__typename ...on Order{{...O}} {many}}} fragment O on Order{{id number status "
                  "lines{id sku quantity total{amount}} channel{code name}"
                  "expiresAt}")  # fmt: skip
    orders = "a#: orders(first:1){edges{node{id number status lines{id sku quantity total{amount}}}}}"
    yield filled("many orders", "{", orders, "}")
    nodes = 'a#: node(id:"x"){id __typename ...on Order{number}...on Channel{code name}...on Product{slug}}'
    yield filled("many nodes", "{", nodes, "}")
    nested = "{id slug name variants{id sku product{id slug name variants{id sku product{id slug}}}}}"
    yield filled("products of variants", "{", 'a#: product(slug:"x")' + nested, "}")
    yield Hostile("the whole schema", _introspection())
    yield filled("types of the schema", "{__schema{", "a#: types{name fields{name args{name}}}", "}}")
    yield filled("types by name", "{", 'a#: __type(name:"Query"){fields{name args{name type{name}}}}', "}")
    yield filled("types of types", "{__schema{types{", "a#: fields{type{name kind ofType{name}}}", "}}}")


def texts() -> Iterator[Hostile]:
    """Little to parse, much to read."""
    yield Hostile("a long string", '{node(id:"%s"){id}}' % ("x" * 29_000))
    yield Hostile("a long block string", '{node(id:"""%s"""){id}}' % ("\n x" * 9_000))
    yield Hostile("escapes", '{node(id:"%s"){id}}' % ("\\n" * 14_000))
    yield Hostile("escapes of unicode", '{node(id:"%s"){id}}' % ("\\u4e2d" * 4_800))
    yield Hostile("comments", "{viewer{kind}}" + "\n#c" * 900)
    yield Hostile("commas", "{viewer{kind" + "," * 29_000 + "}}")
    yield Hostile("lines", "{viewer{kind" + "\n" * 29_000 + "}}")
    yield Hostile("lines, then an error", "{viewer{kind" + "\n" * 29_000 + "!}}")
    yield filled("errors on many lines", "{viewer{" + "\n" * 23_000, "\nf#", "}}")
    yield Hostile("a long number", "{products(first:%s){totalCount}}" % ("9" * 29_000))
    yield Hostile("selections in selections", "{a" * 330 + "}" * 330)
    yield Hostile("inline fragments in each other", "{" + "...{" * 190 + "viewer{kind}" + "}" * 191)
    yield Hostile("inline fragments, 240 deep", "{" + "...{" * 240 + "viewer{kind}" + "}" * 241)


def _introspection() -> str:
    from graphql import get_introspection_query

    return get_introspection_query()


def everything(schema: GraphQLSchema) -> list[Hostile]:
    """All of them; each has at most a thousand tokens."""
    found = [*fragments(), *repeats(), *names(), *values(), *operations(), *types(schema), *texts()]
    long = [one.name for one in found if tokens_of(one.text) > TOKENS]
    assert not long, long
    return found
