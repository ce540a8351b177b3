"""Settings as variables of the environment: names, _FILE twins, and faults in words for people."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Variable:
    """The names of one setting in the environment (several mean the same), and an example."""

    names: tuple[str, ...]
    example: str
    secret: bool = False

    @property
    def all_names(self) -> tuple[str, ...]:
        twins = tuple(f"{name}_FILE" for name in self.names) if self.secret else ()
        return self.names + twins


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one setting: the variable's name, and words that go on from there."""

    name: str
    words: str


def variables_of(model: type[BaseSettings]) -> dict[str, Variable]:
    """The variable of each field, from the field's annotation."""
    fields = model.model_fields.items()
    return {name: next(part for part in info.metadata if isinstance(part, Variable)) for name, info in fields}


class EnvironmentSource(PydanticBaseSettingsSource):
    """Values from a mapping of variables; `faults`, by field, is what is wrong with the variables as such."""

    def __init__(self, model: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(model)
        self.environ = environ
        self.variables = variables_of(model)
        self.faults: dict[str, Fault] = {}

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._find(field_name), field.alias or field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        found = (self.get_field_value(field, name) for name, field in fields)
        return {key: value for value, key, _ in found if value is not None}

    def _find(self, field: str) -> str | None:
        """An empty variable counts as one that is not set: compose files pass these on."""
        given = {
            name: self.environ[name] for name in self.variables[field].all_names if self.environ.get(name)
        }
        files = [name for name in given if name.endswith("_FILE")]
        values = {name: value for name, value in given.items() if name not in files}
        for name in files:
            try:
                values[name] = Path(given[name]).read_text("utf-8").removesuffix("\n").removesuffix("\r")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "it is no text"
                self.faults[field] = Fault(
                    name, f'names a file that can\'t be read: "{given[name]}" ({reason}).'
                )
        if files and len(given) > 1:
            self.faults[field] = Fault(" and ".join(given), "are both set: keep one.")
        elif len(set(values.values())) > 1:
            self.faults[field] = Fault(" and ".join(given), "are both set, and differ: keep one.")
        return None if field in self.faults else next(iter(values.values()), None)


_Words = Callable[[dict[str, Any]], str]
_WORDS: dict[str, _Words] = {
    "int_parsing": lambda _: "is not a whole number.",
    "float_parsing": lambda _: "is not a number.",
    "bool_parsing": lambda _: "is neither 0 nor 1.",
    "literal_error": lambda ctx: f"is not one of {str(ctx['expected']).replace(chr(39), '')}.",
    "greater_than": lambda ctx: f"is too small: more than {ctx['gt']:g} is needed.",
    "greater_than_equal": lambda ctx: f"is too small: the least is {ctx['ge']:g}.",
    "less_than_equal": lambda ctx: f"is too big: the most is {ctx['le']:g}.",
    "string_too_short": lambda ctx: f"is too short: {ctx['min_length']} characters are the least.",
}


def add_faults(faults: dict[str, Fault], error: ValidationError, source: EnvironmentSource) -> None:
    """One fault a field from pydantic's errors; those that only follow from another are left out."""
    by_key = {info.alias or name: name for name, info in source.settings_cls.model_fields.items()}
    for detail in error.errors(include_url=False):
        field = by_key.get(str(detail["loc"][0]), "")
        if field and field not in faults and detail["type"] != "default_factory_not_called":
            faults[field] = _fault(source.variables[field], detail, source.environ)


def _fault(variable: Variable, detail: ErrorDetails, environ: Mapping[str, str]) -> Fault:
    name = next((one for one in variable.all_names if environ.get(one)), variable.names[0])
    ctx = detail.get("ctx", {})
    if detail["type"] == "value_error":
        return Fault(name, str(ctx["error"]))
    told: _Words | None = _WORDS.get(detail["type"])
    shown = "" if variable.secret else f'"{environ.get(name, "")}" '
    return Fault(name, shown + (told(ctx) if told else f"is wrong ({detail['msg']})."))


def message(faults: Mapping[str, Fault], variables: Mapping[str, Variable]) -> str:
    """All faults, each with an example."""
    count = "One setting needs" if len(faults) == 1 else f"{len(faults)} settings need"
    lines = [f"Chronos can't start. {count} a change:"]
    for field, fault in faults.items():
        variable = variables[field]
        lines += ["", f"  {fault.name} {fault.words}", f"    Example: {variable.names[0]}={variable.example}"]
    return "\n".join(lines)


def strangers(environ: Mapping[str, str], variables: Mapping[str, Variable]) -> list[str]:
    """A line for each CHRONOS_ variable that belongs to no setting, with the nearest name that does."""
    known = {name.removeprefix("CHRONOS_"): name for one in variables.values() for name in one.all_names}
    lines = []
    for name in sorted(environ):
        short = name.removeprefix("CHRONOS_")
        if name != short and name not in known.values():
            near = difflib.get_close_matches(short, known, n=1, cutoff=0.6)
            lines.append(
                f"{name} is no setting of Chronos{f': did you mean {known[near[0]]}?' if near else '.'}"
            )
    return lines


def networks(value: object) -> object:
    """Addresses and networks from a text with commas or spaces between; anything else as it is."""
    if not isinstance(value, str):
        return value
    read: list[Network] = []
    for word in value.replace(",", " ").split():
        try:
            read.append(ip_network(word, strict=False))
        except ValueError:
            raise ValueError(f'has "{word}" in it, which is neither an IP address nor a network.') from None
    return tuple(read)
