package edge

import (
	"io/fs"
	"slices"

	"anlan/configs"
	"anlan/drivers/profile"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

// Version of the software, set when a release is built.
var Version = "dev"

// Load reads a configuration with everything it refers to, binds its rules and proves
// its buses. All mistakes in all files come back together; a bus that can not keep its
// promises is one, and so is a promise that a rule is too impatient for.
func Load(file string) (*config.Config, []alarm.Def, configs.Problems) {
	lib, ps := loadProfiles()
	cfg, more := config.Load(file, lib, configs.Files)
	ps = append(ps, more...)
	if cfg == nil {
		return nil, nil, ps
	}
	var rules []alarm.Rule
	for _, f := range cfg.RuleFiles {
		rs, more := alarm.ParseRules(f.Name, f.Src)
		rules, ps = append(rules, rs...), append(ps, more...)
	}
	if len(ps) > 0 && len(rules) == 0 {
		return cfg, nil, append(ps, overcommitted(cfg, sound(cfg, ps))...)
	}
	defs, more := alarm.Bind(rules, targets(cfg))
	ps = append(ps, more...)
	proofs := sound(cfg, ps)
	return cfg, defs, slices.Concat(ps, overcommitted(cfg, proofs), outlived(cfg, proofs, defs))
}

func loadProfiles() (profile.Library, configs.Problems) {
	sub, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		return nil, configs.Problems{{File: "profiles", Found: err.Error(), Want: "the shipped profiles"}}
	}
	return profile.Load(sub)
}
