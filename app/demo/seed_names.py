"""Invented payers for the seed: companies and people in Estonian, English and Russian whom nobody has ever met.

Family names are words for "sample"; every address ends in .example, which nobody can own (RFC 2606).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from random import Random


class Name(NamedTuple):
    """Who somebody is, to the eye."""

    name: str
    email: str
    kind: str
    country: str


def _words(text: str) -> list[str]:
    return text.split()


_COMPANIES = {
    "EE": _words(
        "Põhjatäht Linnutee Kirjatuvi Meretuul Ööbik Kivisild Sõstra Hõbehall Rändrahn Tuulik Vahtra Jõekäär "
        "Kaldapealne Lepatriinu Sinilill Kuusik Paemurd Rukkilill Ristik Saarepuu Tammeoks Udusulg Õunapuu Äikesepilv "
        "Üleaedne Rabamets Merevaik Metsatee Luiteliiv Kadakas"
    ),
    "GB": _words(
        "Northstar Birchway Inkdove Seabreeze Nightjar Stonebridge Currant Silverhall Driftrock Windmill Mapleyard "
        "Riverbend Ladybird Bluebell Cornflower Clover Ashtree Oakbough Mistfeather Appleyard Thundercloud Amberfield"
    ),
    "LV": _words(
        "Полярис Берёзка Синица Метелица Соловей Каменка Смородина Серебро Мельница Клёнок Излучина Василёк "
        "Подснежник Клевер Ясенёк Дубрава Туманка Яблонька Зарница Янтарик"
    ),
}
_TRADES = {
    "EE": ["", " Kaubandus", " Ehitus", " Meedia", " Tarkvara", " Teenused", " Kinnisvara"],
    "GB": ["", " Trading", " Digital", " Media", " Logistics", " Studio", " Labs"],
    "LV": ["", " Торг", " Строй", " Медиа", " Софт", " Сервис", " Дизайн"],
}
_FORMS = {"EE": ["OÜ", "OÜ", "OÜ", "AS", "MTÜ", "FIE"], "GB": ["Ltd", "Ltd", "LLP", "plc"], "LV": ["SIA", "UAB", "Oy"]}
_FIRST = {
    "EE": _words("Mari Jaan Tiina Ülle Õnne Märt Kätlin Jüri Piret Tõnu Liis Rein Kadri Siim Äli Toomas"),
    "GB": _words("Alice Robert Emma Oliver Grace Henry Sophie Jack Lucy Edward Chloe Thomas"),
    "LV": _words("Анна Иван Ольга Сергей Мария Пётр Елена Юрий Наталья Дмитрий Ирина Алёна"),
}
_FAMILY = {
    "EE": _words("Näidismaa Proovisaar Katsejärv Mustersoo Näitemets Proovilepp Katseoja Väljamõte Näidiskallas"),
    "GB": _words("Sampleford Testerby Mockwell Fakenhurst Trialson Specimenton Draftley Pretendham"),
    "LV": _words("Примеренко Пробных Образцовых Опытных Тестовских Макетных Черновиковых"),
}
_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяõäöüšž",
        _words("a b v g d e jo zh z i j k l m n o p r s t u f h ts ch sh shch . y . e ju ja o a o u s z"),
        strict=True,
    )
)
_ENDINGS = {"EE": "ee", "GB": "uk", "LV": "lv"}


def invent(dice: Random) -> Name:
    """Return somebody new: seven in ten from Estonia, two in three a company."""
    country = dice.choices(("EE", "GB", "LV"), (70, 14, 16))[0]
    if dice.random() < 0.66:  # noqa: PLR2004 - two in three
        word = dice.choice(_COMPANIES[country])
        name = f"{word}{dice.choice(_TRADES[country])} {dice.randrange(2, 99)} {dice.choice(_FORMS[country])}"
        mailbox = dice.choice(("arved", "info", "billing", "office", "raamatupidamine", "buh"))
        return Name(
            name, f"{mailbox}@{_ascii(word)}{dice.randrange(997)}.{_ENDINGS[country]}.example", "company", country
        )
    first, family = dice.choice(_FIRST[country]), dice.choice(_FAMILY[country])
    email = f"{_ascii(first)}.{_ascii(family)}{dice.randrange(9999)}@post.{_ENDINGS[country]}.example"
    return Name(f"{first} {family}", email, "person", country)


def _ascii(word: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in word.lower()).replace(".", "")
