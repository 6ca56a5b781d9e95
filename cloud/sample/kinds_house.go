package sample

const houseKinds = `
falling-objects larger yard fitter 12 7,8,9,3,4 850 |{楼}号楼{单元}单元{层}层外墙砖空鼓松动，下方为人行道|拉警戒线，三日内凿除松动部分|已凿除空鼓外墙砖约{n}平方米并修补，拆除警戒线
falling-objects general flat steward 14 6,7,8,9 0 |{楼}号楼{户}室阳台外沿摆放花盆{n}个，无防护|联系住户收回室内，台风前复查|住户已将花盆收回室内
falling-objects larger yard fitter 6 7,8,9 420 |{楼}号楼{层}层空调外机支架锈蚀，机体倾斜|通知业主更换支架，下方设隔离|支架已更换为不锈钢件，外机固定牢靠
falling-objects general stair fitter 9 - 110 |{楼}号楼{单元}单元{层}层楼梯间窗扇合页脱落，窗扇晃动|拆下窗扇或更换合页|更换合页两副，窗扇开关顺畅、锁闭可靠
falling-objects larger yard steward 8 - 0 |居民反映{楼}号楼{单元}单元有人从高处抛烟头和饮料瓶|调看监控，入户宣讲，加装警示牌|核对监控后上门劝导该单元{n}户，警示牌已装，近两周无再发
falling-objects general yard fitter 5 12,1,2 60 |{楼}号楼北侧雨棚边缘结冰，有坠落可能|清除冰凌，设临时隔离|冰凌已敲除，隔离带次日撤除
falling-objects major roof fitter 1 7,8,9 9600 |{楼}号楼屋面广告架焊缝开裂，大风天有坠落危险|立即封闭下方区域，委托专业单位加固或拆除|专业单位已拆除广告架，屋面防水同步修复并验收
gas larger shaft fitter 6 - 0 |{楼}号楼{单元}单元{层}层燃气表箱附近闻到燃气味|开窗通风，联系燃气公司到场检测|燃气公司检测为接头渗漏，已更换密封圈，检漏合格
gas general flat steward 10 - 0 |{楼}号楼{户}室厨房燃气软管老化开裂，超过使用年限|提醒住户三日内更换为金属波纹管|住户已更换金属波纹管，燃气公司检查合格
gas general flat steward 6 - 0 |{楼}号楼{户}室封闭阳台内安装热水器，排烟管未伸出室外|通知住户整改，整改前停用热水器|排烟管已伸出室外并固定，试用正常
gas major flat steward 1 - 0 |{楼}号楼{户}室将卧室与厨房打通，擅自改动燃气立管|联系燃气公司停气，责令恢复原状|燃气公司恢复立管原位，加装报警器，复气前检漏合格
gas general lobby fitter 4 - 90 |{楼}号楼底商后厨燃气报警器断电|恢复供电并测试切断阀|更换适配器，测试报警后切断阀动作正常
sanitation general yard cleaner 18 5,6,7,8,9 0 |{楼}号楼旁垃圾投放点满溢，污水横流有异味|立即清运冲洗，夏季加密一次清运|已清运冲洗并消杀，清运改为每日三次
sanitation general garage cleaner 12 6,7,8 40 |地下车库{楼}号楼附近地面积水约{n}平方米，易滑倒|清扫积水，查找渗漏点，放置防滑牌|积水已清，疏通地漏一处，防滑牌撤除
sanitation general yard cleaner 8 12,1,2 30 |{楼}号楼单元门前台阶结冰，已有居民滑倒|撒融雪剂，铺防滑垫|已除冰铺垫，安排早六点前巡查一遍
sanitation general yard cleaner 8 5,6,7,8,9 60 |{楼}号楼旁景观水池水质发绿，蚊虫多|换水清洗，投放药剂|已换水并清洗池底，水深警示牌重新固定
sanitation general stair cleaner 10 - 0 |{楼}号楼{单元}单元{层}层楼梯间有宠物粪便和积尘|当日清洁，联系养犬住户|已清洁，管家与该层养犬住户沟通
sanitation general yard cleaner 7 9,10,11 0 |{楼}号楼旁落叶堵塞雨水篦子{n}处|清掏雨水篦子，雨前复查|雨水篦子已清掏，试水排水通畅
sanitation general roof cleaner 4 5,6,7 80 |{楼}号楼屋面排水口被杂物堵塞，雨后积水|清掏排水口，检查防水|已清掏三处排水口，放水试验排水正常
order general lobby guard 14 - 180 |{楼}号楼{单元}单元门禁失灵，单元门敞开|维修电磁锁，修好前安排值守|更换电磁锁电源，刷卡和按钮开门正常
order general yard guard 10 - 0 |{楼}号楼附近有推销人员入户敲门|请离并登记，核查来访登记|人员已请离，门岗补做访客登记培训
order general garage electrician 10 - 130 |地下车库{楼}号楼附近照明不亮{n}盏，夜间昏暗|更换灯管，检查回路|已更换灯管，照度恢复
order general yard electrician 9 - 220 |{楼}号楼西侧监控画面黑屏|检查供电和网络，恢复录像|更换交换机端口和网线，画面恢复，录像连续
order general yard guard 8 - 0 |{楼}号楼旁儿童滑梯螺栓外露、护栏松动|停用并修复，修复前围挡|螺栓加帽，护栏焊接加固，围挡撤除
order general yard fitter 8 - 260 |{楼}号楼前路面窨井盖松动，车辆经过有响声|更换防沉降井盖，更换前放锥桶|已更换井盖并做防坠网
order larger yard guard 4 - 0 |{楼}号楼围墙边有翻越痕迹，红外对射报警失灵|修复对射，夜间加巡|更换对射探头一组，试触发报警正常
other general corridor fitter 6 - 45 |{楼}号楼{单元}单元{层}层走道地砖翘起，绊脚|重铺翘起地砖|重铺地砖{n}块，养护一天后开放
other general lobby fitter 6 - 90 |{楼}号楼{单元}单元无障碍坡道扶手松动|紧固或更换扶手膨胀螺栓|扶手已重新固定，手推晃动无松动
`

const plantKinds = `
power larger weak electrician 8 - 150 |{楼}号楼弱电间内插排串接，线缆凌乱发热|拆除串接，加装 PDU，理线|拆除串接插排，改用固定插座，线缆整理绑扎
power general corridor electrician 12 - 75 |{楼}号楼{单元}单元{层}层配电箱箱门缺失，带电部分外露|加装箱门并上锁，贴警示标志|箱门已补，锁闭可靠，警示标志已贴
power larger power electrician 5 6,7,8 680 |{楼}号楼配电房低压柜{n}号出线接头发热，红外测温超过八十度|停电紧固或更换接头，复测温度|停电检修，更换接线端子并涂导电膏，满载复测四十五度
power general power electrician 6 - 0 |{楼}号楼配电房内堆放备件纸箱，绝缘垫移位|清出杂物，恢复绝缘垫|杂物已清，绝缘垫复位，重新张贴操作规程
power general shaft electrician 8 6,7,8 95 |{楼}号楼{单元}单元{层}层漏电保护器按试验键不跳闸|更换漏电保护器|已更换同规格漏电保护器，试验跳闸正常
power major power electrician 1 7,8 12800 |{楼}号楼配电房变压器渗油，油位低于下限|立即报供电公司，转移负荷，更换密封件|供电公司配合停电更换密封件并补油，耐压试验合格后送电
power general yard electrician 8 - 140 |{楼}号楼前路灯灯杆接线盒盖脱落，线头外露|断电处理，加装盒盖|已断电重新接线并装好盒盖，接地复测合格
pump-room larger pump fitter 6 - 0 |{楼}号楼消防水泵房控制柜置于手动位|恢复自动位，核查值班记录|已恢复自动位，主备泵自动启动试验正常
pump-room general pump fitter 8 - 160 |{楼}号楼消防水泵房稳压泵启停频繁，每小时{n}次以上|检查止回阀和管网渗漏|更换止回阀，稳压泵恢复正常间隔
pump-room general tank fitter 6 12,1,2 120 |{楼}号楼高位水箱间门窗不严，管道有冻结风险|补保温层，封堵门窗缝|管道补做保温，门窗缝封堵，室温维持五度以上
pump-room general pump cleaner 5 6,7,8 40 |{楼}号楼消防水泵房集水坑积水，排污泵不启动|修复浮球开关，抽排积水|浮球开关已更换，液位到达自动排水
pump-room major pump fitter 1 - 7600 |{楼}号楼消防主泵试运行时不出水，备泵无法自动切换|立即通知消防维保抢修，期间增派值守|更换叶轮和切换继电器，主备泵切换三次均成功，出水压力达标
control-room general control operator 7 - 0 |消防控制室交接班记录漏填{n}处|补填并由主管签字，重申交接班要求|记录已补齐，主管抽查签字，班前会重申
control-room larger control operator 4 - 0 |消防控制室火灾报警主机存在{n}个未处理的故障点|逐点排查，通知维保到场|维保更换底座和模块，主机故障全部消除
control-room general control operator 4 - 0 |消防控制室值班时段仅有一人在岗|按要求补足两人，调整排班|排班已调整，双人在岗，主管夜间抽查两次
control-room general control electrician 4 - 85 |消防控制室与{楼}号楼水泵房消防电话不通|检修电话线路，逐部试通|更换插孔和一段线缆，试通清晰
`
