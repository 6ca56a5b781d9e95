package alarm

import (
	"slices"
	"time"

	"anlan/contract"
)

// verdict is what the inputs say at one moment, before delays and latch.
type verdict struct {
	known   bool
	early   bool // nothing seen yet, and it is too soon to call that unknown
	hold    bool // an input is bad but not yet for long enough: leave everything as it is
	level   int
	value   float64
	quality contract.Quality
	at      time.Time
	reason  string
	broken  string
}

func assess(def *Def, s *State, now time.Time) verdict {
	if def.Test.Kind == Silent {
		return assessSilent(def, s, now)
	}
	if def.Test.Need > 0 {
		return assessVote(def, s, now)
	}
	v := verdict{known: true, quality: contract.Good}
	uncertain := false
	for i := range def.Inputs {
		in := s.seen[i]
		stale, early := staleness(def, s, i, now)
		if stale || early {
			return verdict{early: early, value: in.Usable.Value, quality: badness(in), at: in.Usable.At,
				reason: string(def.Inputs[i]) + " " + badness(in).String()}
		}
		v.hold = v.hold || in.Quality.IsBad()
		uncertain = uncertain || !in.Quality.IsGood()
		if i == 0 || in.Usable.At.After(v.at) {
			v.at = in.Usable.At
		}
	}
	v.value, v.quality = s.seen[0].Usable.Value, s.seen[0].Quality
	if def.Test.Kind == Expr {
		hit, err := def.Test.Program.run(s.seen)
		if err != nil {
			return verdict{value: v.value, quality: v.quality, at: v.at, reason: "broken rule: " + err.Error(), broken: err.Error()}
		}
		if hit {
			v.level = 1
		}
	} else {
		v.level = levelOf(def, s.Level, v.value)
	}
	// A value that is to be used with care may raise an alarm but not end one.
	if uncertain && v.level < s.Level {
		v.hold = true
	}
	return v
}

// staleness: stale when the last usable reading is too old, early when there never was
// one and it is too soon to say so.
func staleness(def *Def, s *State, i int, now time.Time) (stale, early bool) {
	if u := s.seen[i].Usable; !u.At.IsZero() {
		return now.Sub(u.At) > def.StaleAfter, false
	}
	waited := now.Sub(s.started) > def.StaleAfter
	return waited, !waited
}

func badness(in Seen) contract.Quality {
	if in.Quality.IsBad() {
		return in.Quality
	}
	return contract.Stale
}

// levelOf is the severity step of one value, given the one in force (hysteresis).
func levelOf(def *Def, current int, value float64) int {
	if def.Test.Kind == Equals {
		if slices.Contains(def.Test.Values, value) {
			return 1
		}
		return 0
	}
	level := 0
	for i, l := range def.Levels {
		on, keep := value >= l.On, value >= l.Off
		if def.Test.Kind == Below {
			on, keep = value <= l.On, value <= l.Off
		}
		if on || keep && current > i {
			level = i + 1
		}
	}
	return level
}

// assessVote counts inputs. Each bad one lowers the number needed by one, so 2 of 3
// becomes 1 of 2: a detector that can not speak is taken to have nothing against it.
func assessVote(def *Def, s *State, now time.Time) verdict {
	v := verdict{quality: contract.Good}
	bad, early, hits := 0, false, 0
	for i := range def.Inputs {
		in := s.seen[i]
		stale, soon := staleness(def, s, i, now)
		if stale || soon {
			bad++
			early = early || soon
			continue
		}
		v.known = true
		if levelOf(def, s.Level, in.Usable.Value) > 0 {
			hits++
			v.value, v.quality = in.Usable.Value, in.Quality
		}
		if in.Usable.At.After(v.at) {
			v.at = in.Usable.At
		}
	}
	need := max(def.Test.Need-bad, 1)
	if early && hits < def.Test.Need {
		return verdict{early: true}
	}
	if !v.known {
		v.quality, v.reason = contract.Stale, "every voter is bad"
		return v
	}
	if hits >= need {
		v.level = 1
	}
	if bad > 0 {
		v.reason = voteWords(need, len(def.Inputs)-bad)
	}
	return v
}

// assessSilent is about the absence of readings, so it is always known.
func assessSilent(def *Def, s *State, now time.Time) verdict {
	v := verdict{known: true, quality: contract.Good, at: now}
	newest, q := s.started, contract.NotRead
	for i := range def.Inputs {
		in := s.seen[i]
		if in.Usable.At.After(newest) {
			newest = in.Usable.At
		}
		if in.Quality != contract.NotRead {
			q = in.Quality
		}
	}
	age := now.Sub(newest)
	v.value = max(age.Seconds(), 0)
	if age > def.StaleAfter {
		v.level, v.quality = 1, contract.Good
		v.reason = "last answer " + age.Round(time.Second).String() + " ago: " + q.String()
	}
	return v
}
