"""What `billing up` says when it is up: where, how to sign in, and how to take a payment with three commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.demo.environment import Installation

SIGN_IN = """
  Sign in      {web}/auth/login
               choose EE60001019906 Mary Änn: she is on the white list.
               LT60001019906 has the same digits and must not get in, EE38001085718 is not listed,
               EE47101010033 signs in with too low an assurance, and Cancel comes back."""

TAKE_A_PAYMENT = """
  Take a payment, line by line (a number, an invoice with its link, the payer's click):

N=$(curl -s -X POST {web}/api/v1/invoice_generator/invoice_number_generator -H 'Authorization: Bearer {token}' | tr -cd 0-9)

L=$(curl -s {web}/api/v1/invoice_generator/invoice_generator -H 'Authorization: Bearer {token}' -H 'Content-Type: application/json' -d "{{\\"invoice_number\\":\\"$N\\",\\"transaction_amount\\":\\"120.00\\",\\"custom_field2\\":\\"registry\\",\\"customer_name\\":\\"ACME\\"}}" | sed 's/.*"everypay_link":"\\([^"]*\\)".*/\\1/')

curl -s {everypay}/_sim/pay -d "{{\\"link\\":\\"$L\\"}}" && echo && echo "{web}/invoices?q=$N"
"""


def endpoints(this: Installation) -> dict[str, Any]:
    """Return the content of endpoints.json."""
    return {
        "web": this.web,
        "simulators": {name: this.simulator(name) for name in this.simulators},
        "initiators": {name: {"token": token} for name, token in this.tokens().items()},
    }


def words(this: Installation) -> str:
    """Return the text for the console."""
    text = f"\n  EIS Billing  {this.web}"
    if not this.simulators:
        return f"{text}\n\n  Providers come from the environment; `billing white-code add` says who may sign in.\n"
    text += SIGN_IN.format(web=this.web)
    text += "\n\n  Simulators   " + "\n               ".join(
        f"{name:<10} {this.simulator(name)}" for name in this.simulators
    )
    return f"{text}\n{TAKE_A_PAYMENT.format(web=this.web, everypay=this.simulator('everypay'), token=this.tokens()['registry'])}"
