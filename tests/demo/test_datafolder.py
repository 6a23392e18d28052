"""The data folder: whose it is, who may use it, what starting over may delete."""

from __future__ import annotations

import json
import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest

from app.demo import binaries, datafolder
from app.demo.account import Account, can_enter
from app.demo.datafolder import Unusable, opened

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = Account("nobody", 65534, 65534)


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(binaries, "COPIES", tmp_path / "copies")
    return tmp_path / "copies"


def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").touch()
    with pytest.raises(Unusable, match="holds something else"), opened(tmp_path, None):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["thesis.odt"]


def test_two_cannot_use_one_folder(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "data", None),
        pytest.raises(Unusable, match=f"process {os.getpid()}"),
        opened(tmp_path / "data", None),
    ):
        pass


def test_a_folder_is_free_again_after_use(tmp_path: Path) -> None:
    for _ in range(2):
        with opened(tmp_path / "data", None) as data:
            assert data.servers == data.path


def test_starting_over_deletes_what_is_ours_and_nothing_else(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        data.write("secrets.json", {"SECRET_KEY": "x"})
        (data.path / "postgres").mkdir()
        (data.path / "notes.txt").touch()
        data.clear()
        assert sorted(each.name for each in data.path.iterdir()) == ["billing.lock", "notes.txt"]


def test_secrets_are_made_once_and_only_we_can_read_them(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        first = data.secrets(["SECRET_KEY"])
        both = data.secrets(["SECRET_KEY", "BILLING_SECRET"])
        mode = (data.path / "secrets.json").stat().st_mode
    assert both["SECRET_KEY"] == first["SECRET_KEY"]
    assert len(set(both.values())) == 2
    assert stat.S_IMODE(mode) == 0o600


def test_simulators_keep_their_ports_from_run_to_run(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        first = data.ports(["everypay", "tara"])
        assert data.ports(["everypay", "tara"]) == first
    assert len(set(first.values())) == 2


def test_ports_that_cannot_be_read_are_chosen_anew(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        for broken in ("[]", "null", "{", '"x"'):
            (data.path / "ports.json").write_text(broken)
            assert set(data.ports(["everypay"])) == {"everypay"}


def test_a_port_somebody_took_is_replaced(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        data.write("ports.json", {"everypay": taken.getsockname()[1]})
        assert data.ports(["everypay"])["everypay"] != taken.getsockname()[1]


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        data.write("endpoints.json", {"web": "one"})
        with (data.path / "endpoints.json").open() as old:
            data.write("endpoints.json", {"web": "two"})
            assert json.load(old) == {"web": "one"}
        assert data.read("endpoints.json") == {"web": "two"}


def test_half_a_file_of_a_power_cut_is_made_anew(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        (data.path / "ports.json").write_text('{"every')
        assert set(data.ports(["everypay"])) == {"everypay"}


def test_secrets_that_cannot_be_read_are_never_replaced(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        (data.path / "secrets.json").write_text("")
        with pytest.raises(Unusable, match="cannot be read"):
            data.secrets(["SECRET_KEY"])


def test_what_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    with opened(tmp_path / "data", None) as data:
        (data.path / ".ports.json.half").mkdir()
        with pytest.raises(Unusable, match=r"ports\.json cannot be written"):
            data.write("ports.json", {})


def test_nobody_cannot_pass_a_closed_folder(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not can_enter(NOBODY, closed)


def test_servers_keep_their_data_elsewhere_when_they_cannot_reach_the_folder(tmp_path: Path, copies: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with opened(closed / "data", NOBODY) as data:
        assert data.servers.parent == copies
        place = data.servers
    with opened(closed / "data", NOBODY) as data:
        assert data.servers == place
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def folder_of_servers(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    (data / "postgres").mkdir(parents=True)
    (data / datafolder.LOCK).touch()
    return data


def test_data_that_became_unreachable_is_not_silently_replaced_by_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datafolder, "can_enter", lambda *_: False)
    ourselves = Account("ourselves", os.geteuid(), os.getegid())
    with pytest.raises(Unusable, match="can no longer reach"), opened(folder_of_servers(tmp_path), ourselves):
        pass


@pytest.mark.parametrize("reachable", [True, False])
def test_data_of_another_account_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, reachable: bool
) -> None:
    monkeypatch.setattr(datafolder, "can_enter", lambda *_: reachable)
    somebody = Account("somebody", os.geteuid() + 1, os.getegid())
    with pytest.raises(Unusable, match="belongs to another account"), opened(folder_of_servers(tmp_path), somebody):
        pass


def test_a_port_says_why_it_is_not_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert datafolder.why_not(taken.getsockname()[1]) == "is taken"

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(socket.socket, "bind", refuse)  # root may have every port, and the limit differs by machine
    assert datafolder.why_not(80) == "is reserved for root"


def test_a_shared_place_that_is_somebody_elses_is_not_trusted(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(binaries.ForeignFolder):
        binaries.own_folder(place)
    elsewhere = tmp_path / "link"
    elsewhere.symlink_to(tmp_path)
    with pytest.raises(binaries.ForeignFolder):
        binaries.own_folder(elsewhere)


def test_programs_are_copied_once_for_an_account_that_cannot_reach_them(
    copies: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "can_enter", lambda _account, _folder: False)
    found = binaries.valkey_program(NOBODY)
    made = found.stat().st_mtime_ns
    assert found.is_relative_to(copies)
    assert os.access(found, os.X_OK)
    assert binaries.valkey_program(NOBODY).stat().st_mtime_ns == made


def test_without_any_program_the_cure_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(binaries.NoBinary, match="DATABASE_URL"):
        binaries.postgres_bin(None)
    with pytest.raises(binaries.NoBinary, match="REDIS_URL"):
        binaries.valkey_program(None)


def test_the_newest_system_server_is_the_second_choice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "find_spec", lambda _name: None)
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", tmp_path)
    for version in ("9", "15", "16"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "postgres").touch()
    assert binaries.postgres_bin(None) == tmp_path / "16" / "bin"
