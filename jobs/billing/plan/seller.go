package plan

// seller asks what the provider has against the settings.
func (b *builder) seller() {
	if b.o.CheckSettings == nil {
		return
	}
	for _, p := range b.o.CheckSettings(b.settings, b.kind) {
		k := KindUnfit
		if p.Warning {
			k = KindNote
		}
		b.problems.add(Problem{Kind: k, File: b.o.settingsName(), Name: p.Field, Text: p.Text})
	}
}

// page asks whether invoices can be made of the template: what none could be made of would fail each charge.
func (b *builder) page() {
	if b.o.CheckTemplate == nil {
		return
	}
	var everywhere []string
	for _, k := range sorted(b.metadata) {
		if b.metadata[k] == b.writer.Count() {
			everywhere = append(everywhere, k)
		}
	}
	if err := b.o.CheckTemplate(b.settings.Invoice.Template, everywhere); err != nil {
		b.problems.add(Problem{Kind: KindUnfit, File: b.o.settingsName(), Text: err.Error()})
	}
}
