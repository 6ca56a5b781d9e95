package edge

import (
	"io/fs"

	"anlan/configs"
	"anlan/drivers/profile"
	"anlan/edge/alarm"
	"anlan/edge/config"
)

// Version of the software, set when a release is built.
var Version = "dev"

// Load reads a configuration with everything it refers to and binds its rules. All
// mistakes in all files come back together.
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
		return cfg, nil, ps
	}
	defs, more := alarm.Bind(rules, targets(cfg))
	return cfg, defs, append(ps, more...)
}

func loadProfiles() (profile.Library, configs.Problems) {
	sub, err := fs.Sub(configs.Files, "profiles")
	if err != nil {
		return nil, configs.Problems{{File: "profiles", Found: err.Error(), Want: "the shipped profiles"}}
	}
	return profile.Load(sub)
}
