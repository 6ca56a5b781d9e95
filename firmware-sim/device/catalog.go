package device

// Kind is one model that can be simulated.
type Kind struct {
	Name, ZH, EN string
	New          func() Memory
}

// Catalog lists the models with a life of their own; "registers" is made by [NewMapped].
func Catalog() []Kind {
	return []Kind{
		{"calectro-ug3", "风管感烟探测器 UG-3", "duct smoke detector UG-3", func() Memory { return &Smoke{} }},
		{"faast", "吸气式感烟探测器 FAAST", "aspirating smoke detector FAAST", func() Memory { return NewAspirating() }},
		{"evikon-e2638", "可燃气体探测器 E2638", "gas detector E2638", func() Memory { return &GasE2638{} }},
		{"honeywell-e3point", "一氧化碳探测器 E3Point", "CO detector E3Point", func() Memory { return &CO{PPM: 3} }},
		{"tocsin-635", "气体报警主机 TOCSIN 635", "gas panel TOCSIN 635", func() Memory { return NewTocsin() }},
		{"waveshare-relay-8ch", "8 路继电器模块", "8-channel relay module", func() Memory { return &Relays{} }},
		{"rotork-iq", "电动阀 Rotork IQ", "valve actuator Rotork IQ", func() Memory { return NewValve() }},
		{"evikon-ek61", "声光报警器 EK61", "light and horn EK61", func() Memory { return NewHorn() }},
		{"eastron-sdm120", "单相电表 SDM120", "power meter SDM120", func() Memory { return NewMeter() }},
		{"techwind-sdk500", "门机控制器 SDK-500", "lift door controller SDK-500", func() Memory { return NewDoor() }},
		{"monarch-nice3000", "电梯控制器 NICE3000+（经网关）", "lift controller NICE3000+ behind a gateway", func() Memory { return newLift() }},
		{"monarch-nice3000-native", "电梯控制器 NICE3000+（原生协议）", "lift controller NICE3000+, native dialect", func() Memory { return &NICE3000{*newLift()} }},
		{"gst200", "火灾报警控制器 GST200", "fire panel GST200", func() Memory { return &FirePanel{} }},
		{"gst5000", "火灾报警控制器 GST5000", "fire panel GST5000", func() Memory { return &FirePanel5000{} }},
	}
}

func newLift() *Elevator { return &Elevator{Landing: 2, Direction: 3, Mode: 7, Car: 4} }
