# studies/commands/price_listing.py
"""`trichord list devices`, `deployments` and `anchors`: more than names, for who chooses among them; and a lint."""

from pathlib import Path

from studies.commands.columns import print_columns, print_wrapped


def say_devices() -> None:
    """Name, number of coefficients and title of every shipped device."""
    from classical_baselines.harness.devices import shipped_devices

    lines = [("device", "rows", "what it is")]
    for device in shipped_devices().values():
        alone = "" if device.deployable else " (runs nothing alone)"
        lines.append((device.name, str(len(device.coefficients)), device.title + alone))
    print_columns(lines)


def say_deployments() -> None:
    """Name and title of every shipped deployment, and the one whose rival it is."""
    from studies.price_list import deployments

    lines = [("deployment", "what it is")]
    for deployment in deployments().values():
        rival = f" (rival of {deployment.alternative_to})" if deployment.alternative_to else ""
        lines.append((deployment.name, deployment.title + rival))
    print_columns(lines)


def say_anchors() -> None:
    """Every anchor, and how far the models fall from those whose counts are known."""
    from classical_baselines.harness.anchors import anchors
    from studies.anchor_comparison import comparison_lines
    from studies.wording import amount_text

    for anchor in anchors().values():
        values = [v for v in ((anchor.nominal,) if anchor.nominal else (anchor.low, anchor.high)) if v is not None]
        figure = " to ".join(amount_text(v, anchor.unit) for v in values)
        said = f"{anchor.system}, {anchor.quantity}: {figure} ({anchor.kind}; {anchor.evidence})"
        print_wrapped(f"{anchor.id}: {said}", hanging="    ")
        print_wrapped(f"covers {anchor.covers}; leaves out {anchor.leaves_out}", indent="    ")
        print_wrapped(f"meter: {anchor.meter}; {anchor.source}", indent="    ")
    print()
    print_columns(comparison_lines())


def check_device_file(path: Path) -> int:
    """Lint a device file; say what it adds to a study that names it."""
    from studies.price_list import price_list
    from studies.wording import counted

    shipped, found = price_list(), price_list([str(path)])
    for name in set(found.devices) - set(shipped.devices):
        rows = found.devices[name].coefficients
        n_assumed = sum(row.range_assumed for row in rows)
        print(f"device {name}: {counted(len(rows), 'coefficient')}, {n_assumed} of them with an assumed range")
    for name in found.deployments:
        if name not in shipped.deployments:
            print(f"deployment {name}: {', '.join(found.deployments[name].device_names)}")
    return 0
