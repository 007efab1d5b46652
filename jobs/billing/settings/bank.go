package settings

import "slices"

// check checks what bank files need. The check digits are those of ISO 13616 and of the EPC's creditor identifiers.
func (s *SEPA) check(p *problems) {
	if !slices.Contains([]string{"", "CORE", "B2B"}, s.Instrument) {
		p.add("sepa.instrument", "it is %q; write CORE or B2B", s.Instrument)
	}
	if s.NoticeDays < 0 || s.NoticeDays > 60 {
		p.add("sepa.notice_days", "it is %d; between 1 and 60, or 0 for the 14 of the rulebook", s.NoticeDays)
	}
	if versions := SEPAVersions(); s.Version != "" && !slices.Contains(versions, s.Version) {
		p.add("sepa.version", "it is %q; there are %v", s.Version, versions)
	}
}

// SEPAVersions are the messages of ISO 20022 that can be written.
func SEPAVersions() []string {
	return []string{"pain.008.001.08", "pain.008.001.02", "pain.001.001.09", "pain.001.001.03"}
}
