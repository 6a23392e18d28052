"""What `billing up` says when it is up: where, how to sign in, and how to take a payment with three commands."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.demo.environment import Installation

ADDRESS = """
  EIS Billing  $web
"""
SIMULATED = """\
  Sign in      $web/sign_in
               EE60001019906 Mary Änn gets in. LT60001019906 has the same digits and must not, EE38001085718 is on no
               list, EE47101010033 signs in with too low an assurance, and Cancel comes back.

  Simulators   $simulators

  Take a payment, line by line: a number, an invoice with its link, the payer's click.

T='Authorization: Bearer $token'
N=$$(curl -s -X POST $web/api/v1/invoice_generator/invoice_number_generator -H "$$T" | grep -o '[0-9]*' | head -1)
L=$$(curl -s $web/api/v1/invoice_generator/invoice_generator -H "$$T" -H 'Content-Type: application/json' \\
 -d '{"invoice_number":"'$$N'","transaction_amount":"120.00","custom_field2":"registry"}' | grep -o 'http[^"]*')
curl -s $everypay/_sim/pay -d '{"link":"'"$$L"'"}'
"""
FROM_ENVIRONMENT = """\
  Providers come from the environment; `billing white-code add` says who may sign in.
"""


def endpoints(this: Installation) -> dict[str, Any]:
    """Return the content of endpoints.json."""
    return {
        "web": this.web,
        "simulators": {name: this.simulator(name) for name in this.simulators},
        "initiators": {name: {"token": token} for name, token in this.tokens().items()},
    }


def address(this: Installation) -> str:
    """Return what the console says once the first page is there."""
    return Template(ADDRESS).substitute(web=this.web)


def words(this: Installation) -> str:
    """Return what the console says once everything is up: how to sign in and to pay, which take the simulators."""
    if not this.simulators:
        return FROM_ENVIRONMENT
    facts = {
        "web": this.web,
        "simulators": ("\n" + " " * 15).join(f"{name:<10} {this.simulator(name)}" for name in this.simulators),
        "everypay": this.simulator("everypay"),
        "token": this.tokens()["registry"],
    }
    return Template(SIMULATED).substitute(facts)
