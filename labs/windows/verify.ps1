<#
.SYNOPSIS
Installs, runs, upgrades and removes the WATS Client's MSI on this Windows, and writes down what was seen.

.DESCRIPTION
The scenario of `landfall verify`, step by step, for a machine that can be thrown away: what Wine cannot judge
(accounts, delayed start, recovery, rollback) is judged here. The evidence has the form of `landfall schema --evidence`.
It needs Windows PowerShell 5.1 or later, «Run as administrator», and no other module.

.PARAMETER Release
Folder that `landfall build` has written: release.json, the MSI, and the zip with the program of the demo server.

.PARAMETER Previous
Folder of the release that upgrades begin from.

.PARAMETER Transform
A transform (.mst) of the site, which the system itself installs the package with in the step `return`. Without it one is
made that sets the name of the station.

.PARAMETER Evidence
File to write.

.PARAMETER SelfCheck
Checks the script itself and touches nothing of the machine.

.EXAMPLE
.\verify.ps1 -Release dist -Previous previous -Evidence evidence.json
#>
[CmdletBinding()]
param(
    [string] $Release = 'dist',
    [string] $Previous,
    [string] $Transform,
    [string] $Evidence = 'evidence.json',
    [switch] $SelfCheck
)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

# ---- the product ------------------------------------------------------------------------------------------------

$Name = 'wats-client'
$Service = 'wats-client'
$Folder = 'C:\Factory\wats-client'
$Program = "$Folder\wats-client.exe"
$Data = 'C:\ProgramData\wats-client'
$Configuration = "$Data\config.toml"
$Credential = "$Data\credentials\api-token"
$State = "$Data\state"
$Kept = "$State\kept-by-verification"
$Settings = 'HKLM:\Software\Landfall\wats-client'
$ServiceKey = "HKLM:\SYSTEM\CurrentControlSet\Services\$Service"
$Token = 'dG9rZW46dG9rZW4='
$Server = 'http://127.0.0.1:9000'
$Health = 'http://127.0.0.1:8080/health'
$Edit = "# edited by an administrator`n"
$Work = Join-Path ([IO.Path]::GetTempPath()) 'landfall-verify'

# Every step, in the order of `landfall verify --steps`.
$Known = @(
    'layout', 'install', 'files', 'registry', 'service', 'health', 'check', 'secrets', 'restart', 'recovery',
    'upgrade', 'upgrade-configuration', 'upgrade-service', 'upgrade-work', 'reinstall', 'repair', 'downgrade',
    'remove', 'remove-keeps', 'remove-leaves', 'return', 'purge',
    'wrong-setting', 'script-fails', 'disk-full', 'killed', 'not-ready', 'reboot', 'power-cut', 'selinux'
)

# ---- steps and evidence -----------------------------------------------------------------------------------------

$script:Steps = New-Object System.Collections.ArrayList
$script:Commands = New-Object System.Collections.ArrayList
$script:Remarks = New-Object System.Collections.ArrayList
$script:Blocked = $null

# Takes a step. A sentence that begins with «not run:» or «not applicable:» is a verdict of that name.
function Step([string] $Id, [scriptblock] $Take, [switch] $Essential) {
    $script:Commands.Clear()
    $script:Remarks.Clear()
    $watch = [Diagnostics.Stopwatch]::StartNew()
    $verdict = 'passed'
    $reason = ''
    try {
        if ($script:Blocked) { throw "not run: $($script:Blocked)" }
        & $Take | Out-Null
        $reason = $script:Remarks -join "`n"
    } catch {
        $reason = $_.Exception.Message
        if ($reason -match '^not run: ') { $verdict = 'not-run' }
        elseif ($reason -match '^not applicable: ') { $verdict = 'not-applicable' }
        else { $verdict = 'failed' }
        $reason = $reason -replace '^not (run|applicable): ', ''
    }
    if ($Essential -and $verdict -ne 'passed' -and -not $script:Blocked) {
        $script:Blocked = "the step `"$Id`" did not pass: $(($reason -split "`n")[0])"
    }
    $step = [ordered]@{ id = $Id; verdict = $verdict; duration_ms = [long] $watch.ElapsedMilliseconds }
    if ($reason) { $step.reason = $reason }
    if ($script:Commands.Count) { $step.commands = @($script:Commands.ToArray()) }
    [void] $script:Steps.Add($step)
    Write-Host ('{0,-15} {1,-22} {2}' -f $verdict, $Id, $reason)
}

function Ensure([bool] $Holds, [string] $What) {
    if (-not $Holds) { throw $What }
}

function Remark([string] $Text) { [void] $script:Remarks.Add($Text) }

# Runs a program and notes it. Secrets stand in no evidence.
function Run([string] $File, [string[]] $Words) {
    $output = & $File @Words 2>&1 | Out-String
    $code = $LASTEXITCODE
    $command = ("$File " + ($Words -join ' ')).Replace($Token, '***')
    [void] $script:Commands.Add([ordered]@{ command = $command; code = $code; output = $output.Trim().Replace($Token, '***') })
    return [pscustomobject]@{ Code = $code; Output = $output }
}

function Wait-For([string] $What, [scriptblock] $Holds, [int] $Seconds = 60) {
    $end = (Get-Date).AddSeconds($Seconds)
    while (-not (& $Holds)) {
        if ((Get-Date) -ge $end) { throw "${What}: not within $Seconds seconds" }
        Start-Sleep -Milliseconds 200
    }
}

# UTF-8 without a mark at its beginning, which Windows PowerShell's own commands would write.
function Write-Text([string] $Path, [string] $Text) {
    [IO.File]::WriteAllText($Path, $Text, (New-Object Text.UTF8Encoding $false))
}

# ---- Windows Installer ------------------------------------------------------------------------------------------

$script:Logs = New-Object System.Collections.ArrayList

# Runs msiexec silently with a log; the exit code.
function Install([string] $Verb, [string] $File, [string[]] $Properties = @()) {
    $log = Join-Path $Work ('{0}.log' -f $script:Logs.Count)
    [void] $script:Logs.Add($log)
    $words = @($Verb, "`"$File`"") + $Properties + @('/qn', '/norestart', '/l*v', "`"$log`"")
    $process = Start-Process msiexec.exe -ArgumentList $words -Wait -PassThru
    $command = ('msiexec ' + ($words -join ' ')).Replace($Token, '***')
    $end = ''
    if (Test-Path $log) { $end = (Get-Content $log -Tail 15) -join "`n" }
    [void] $script:Commands.Add([ordered]@{ command = $command; code = $process.ExitCode; output = $end.Replace($Token, '***') })
    return $process.ExitCode
}

function Must-Install([string] $Verb, [string] $File, [string[]] $Properties = @()) {
    $code = Install $Verb $File $Properties
    Ensure ($code -eq 0 -or $code -eq 3010) "msiexec ended with $code"
}

# The same by the system itself, as a task that is gone afterwards.
function Install-AsSystem([string] $File, [string] $Properties) {
    $log = Join-Path $Work ('{0}.log' -f $script:Logs.Count)
    [void] $script:Logs.Add($log)
    $words = "/i `"$File`" $Properties /qn /norestart /l*v `"$log`""
    $task = 'landfall-verify'
    $action = New-ScheduledTaskAction -Execute "$env:SystemRoot\System32\msiexec.exe" -Argument $words
    $system = New-ScheduledTaskPrincipal -UserId 'SYSTEM' -LogonType ServiceAccount -RunLevel Highest
    Register-ScheduledTask $task -Action $action -Principal $system -Force | Out-Null
    try {
        Start-ScheduledTask $task
        # What has not run yet answers 0x41303, what runs 0x41301.
        Wait-For 'the task of the system ends' {
            (Get-ScheduledTaskInfo $task).LastTaskResult -notin 0x41301, 0x41303
        } 300
        $code = (Get-ScheduledTaskInfo $task).LastTaskResult
    } finally {
        Unregister-ScheduledTask $task -Confirm:$false
    }
    [void] $script:Commands.Add([ordered]@{ command = "msiexec $words"; code = [int] $code; output = '' })
    return [int] $code
}

# A changed copy of an installer; with a name for it also the transform that makes the one from the other.
function Edit-Installer([string] $From, [string] $Name, [string[]] $Queries, [string] $Into) {
    $to = Join-Path $Work $Name
    Copy-Item $From $to -Force
    $installer = New-Object -ComObject WindowsInstaller.Installer
    # It has no type library: its methods are called by name.
    $call = { param($Object, [string] $Method, [object[]] $Arguments)
        $Object.GetType().InvokeMember($Method, [Reflection.BindingFlags]::InvokeMethod, $null, $Object, $Arguments) }
    # 1: changes are kept at Commit; 0: nothing is changed.
    $database = & $call $installer 'OpenDatabase' @($to, 1)
    foreach ($query in $Queries) {
        $view = & $call $database 'OpenView' @($query)
        & $call $view 'Execute' @() | Out-Null
        & $call $view 'Close' @() | Out-Null
    }
    & $call $database 'Commit' @() | Out-Null
    if ($Into) {
        $before = & $call $installer 'OpenDatabase' @($From, 0)
        & $call $database 'GenerateTransform' @($before, $Into) | Out-Null
        & $call $database 'CreateTransformSummaryInfo' @($before, $Into, 0, 0) | Out-Null
        [void] [Runtime.InteropServices.Marshal]::FinalReleaseComObject($before)
    }
    [void] [Runtime.InteropServices.Marshal]::FinalReleaseComObject($database)
    [void] [Runtime.InteropServices.Marshal]::FinalReleaseComObject($installer)
    [GC]::Collect()
    return $to
}

# A copy of an installer that fails between the removal of the older version and its end.
function New-FailingInstaller([string] $From) {
    # 3106: a program, deferred, as the system.
    return Edit-Installer $From 'failing.msi' @(
        ("INSERT INTO ``CustomAction`` (``Action``, ``Type``, ``Source``, ``Target``) VALUES ('Bang', 3106, " +
            "'System64Folder', '`"[System64Folder]cmd.exe`" /c exit 1')"),
        "INSERT INTO ``InstallExecuteSequence`` (``Action``, ``Sequence``) VALUES ('Bang', 6590)"
    )
}

# A transform that sets the station's name.
function New-Transform([string] $For) {
    $transform = Join-Path $Work 'site.mst'
    $query = "INSERT INTO ``Property`` (``Property``, ``Value``) VALUES ('STATION_NAME', 'By transform')"
    [void] (Edit-Installer $For 'site.msi' @($query) $transform)
    return $transform
}

$Given = @("INSTALLDIR=`"$Folder`"", "SERVER_URL=$Server", "API_TOKEN=$Token")

# ---- the service and its work -----------------------------------------------------------------------------------

function Is-Running {
    $found = Get-Service $Service -ErrorAction SilentlyContinue
    return [bool] ($found -and $found.Status -eq 'Running')
}

function Answers([string] $Address) {
    try { return (Invoke-WebRequest -UseBasicParsing -TimeoutSec 5 $Address).StatusCode -eq 200 } catch { return $false }
}

$script:Companion = $null

function Start-Companion {
    if ($script:Companion -and -not $script:Companion.HasExited) { return }
    $words = 'demo', '--server-only', '--listen', '127.0.0.1:9000'
    $script:Companion = Start-Process "$Work\companion.exe" -ArgumentList $words -PassThru -WindowStyle Hidden
    Wait-For 'the demo server is ready' { Answers "$Server/api/health" }
}

function Stop-Companion {
    if ($script:Companion -and -not $script:Companion.HasExited) {
        $script:Companion.Kill()
        $script:Companion.WaitForExit()
    }
    $script:Companion = $null
}

# Drops a report as a tester does: whole, by a rename.
function Drop-Report {
    $id = [guid]::NewGuid().ToString()
    New-Item -ItemType Directory -Force "$State\watch" | Out-Null
    $report = [ordered]@{
        type = 'T'; id = $id; pn = 'PSU-100'; sn = "SN-$id"; rev = 'A'; processCode = 100; result = 'P'
        machineName = 'FCT-01'; location = 'Line 1'; purpose = 'Production'; start = '2026-01-15T10:00:00.000+01:00'
        uut = @{ execTime = 1.5 }
        root = [ordered]@{ id = 0; group = 'M'; stepType = 'SequenceCall'; name = 'Main'; status = 'P'; steps = @() }
    }
    Write-Text "$State\$id.part" ($report | ConvertTo-Json -Depth 5)
    Move-Item "$State\$id.part" "$State\watch\$id.json"
    Wait-For "report $id is taken from the watch folder" { -not (Test-Path "$State\watch\$id.json") }
    return $id
}

function Has-Arrived([string] $Id) {
    try { $reports = (Invoke-WebRequest -UseBasicParsing "$Server/simulator/reports").Content } catch { return $false }
    return $reports -match "`"$Id`":1[,}]"
}

$script:Queued = @()

function Queue-Work {
    Write-Text $Kept 'work'
    Stop-Companion
    $script:Queued = @(1..3 | ForEach-Object { Drop-Report })
}

function Work-IsKept { Ensure (Test-Path $Kept) "$Kept, which stood for work in the state folder, is gone" }

function Work-IsDone {
    Work-IsKept
    Start-Companion
    foreach ($id in $script:Queued) { Wait-For "report $id arrives once" { Has-Arrived $id } }
}

function Edit-Configuration { [IO.File]::AppendAllText($Configuration, $Edit) }

function Configuration-IsKept {
    Ensure (Test-Path $Configuration) "$Configuration, which an administrator had edited, is gone"
    Ensure ([IO.File]::ReadAllText($Configuration).Contains($Edit)) "the administrator's edit of $Configuration is gone"
    Ensure ((Get-Content $Credential -Raw) -eq $Token) 'the API token was changed'
}

function Must-Run {
    Wait-For 'the service runs' { Is-Running }
    Wait-For "$Health answers" { Answers $Health }
}

# ---- the scenario -----------------------------------------------------------------------------------------------

function Play([string] $New, [string] $Old) {
    $noPrevious = 'not run: there is no previous release to begin from; name its folder with -Previous'

    Step 'layout' {
        $place = "$Work\layout"
        Must-Install '/a' $New "TARGETDIR=`"$place`""
        foreach ($name in "$Name.exe", 'README.md', 'config.toml') {
            Ensure ([bool] (Get-ChildItem $place -Recurse -Filter $name)) "$name is not laid out in $place"
        }
        Ensure (-not (Test-Path $ServiceKey)) 'an administrative installation registered the service'
        Ensure (-not (Is-Listed)) 'an administrative installation stands in the list of programs'
    }
    Step 'install' -Essential {
        Start-Companion
        Must-Install '/i' $New $Given
    }
    Step 'files' {
        foreach ($path in $Program, "$Folder\doc\README.md", $Configuration, $Credential) {
            Ensure (Test-Path $path) "$path is not there"
        }
        $version = (Get-Item $Program).VersionInfo
        Ensure ($version.ProductName -eq 'WATS Client') "the program calls itself `"$($version.ProductName)`""
        Ensure ($version.FileVersion -eq $script:Version) "the program has the version $($version.FileVersion)"
        # Nobody but the system, administrators and the service.
        $readers = (Get-Acl $Credential).Access | ForEach-Object { $_.IdentityReference.Value }
        $others = @($readers | Where-Object { $_ -notmatch '^(NT AUTHORITY\\SYSTEM|BUILTIN\\Administrators|NT SERVICE\\)' })
        Ensure ($others.Count -eq 0) "others may read the token: $others"
    }
    Step 'registry' {
        $variables = (Get-ItemProperty $ServiceKey).Environment
        Ensure ($variables -contains "WATS_CLIENT_SERVER_URL=$Server") "the service has the variables $variables"
        $listed = @(Get-Listed)
        Ensure ($listed.Count -eq 1) "the list of programs has it $($listed.Count) times"
        $version = $listed[0].GetValue('DisplayVersion')
        Ensure ($version -eq $script:Version) "the list of programs has the version $version"
        Ensure ($listed[0].GetValue('NoModify') -eq 1) 'the list of programs offers to modify it'
        $source = "HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\$Service"
        $messages = (Get-ItemProperty $source).EventMessageFile
        Ensure ($messages -eq $Program) "the source of events has its sentences in $messages"
    }
    Step 'service' -Essential {
        Wait-For 'the service runs' { Is-Running }
        $found = Get-CimInstance Win32_Service -Filter "Name='$Service'"
        Ensure ($found.StartName -eq "NT SERVICE\$Service") "it runs as $($found.StartName)"
        Ensure ($found.StartMode -eq 'Auto') "it starts $($found.StartMode)"
        Ensure ((Get-ItemProperty $ServiceKey).DelayedAutostart -eq 1) 'its start is not delayed'
        $recovery = (Run 'sc.exe' 'qfailure', $Service).Output
        Ensure (([regex]::Matches($recovery, 'RESTART')).Count -ge 3) "recovery is not three restarts: $recovery"
        Ensure ((Run 'sc.exe' 'qfailureflag', $Service).Output -match 'TRUE') 'recovery does not count errors'
        Ensure ((Run 'sc.exe' 'qsidtype', $Service).Output -match 'UNRESTRICTED') 'it has no identifier of its own'
        $process = Get-CimInstance Win32_Process -Filter "ProcessId=$($found.ProcessId)"
        $owner = (Invoke-CimMethod $process -MethodName GetOwner).User
        Ensure ($owner -eq $Service) "its process belongs to $owner"
    }
    Step 'health' { Wait-For "$Health answers" { Answers $Health } }
    Step 'check' {
        $id = Drop-Report
        Wait-For "report $id arrives once" { Has-Arrived $id }
    }
    Step 'secrets' {
        foreach ($log in $script:Logs) {
            $said = [IO.File]::ReadAllText($log)
            Ensure (-not $said.Contains($Token)) "$log holds the API token"
        }
        $events = @(Get-WinEvent -FilterHashtable @{ LogName = 'Application'; ProviderName = $Service } -ErrorAction SilentlyContinue)
        Ensure (-not ($events | Where-Object { $_.Message -and $_.Message.Contains($Token) })) 'an event holds the API token'
        $values = (Get-ChildItem $Settings -Recurse | ForEach-Object { $_.GetValueNames() | ForEach-Object { $_ } }) -join ' '
        Ensure (-not ($values -match 'API_TOKEN')) 'the registry remembers the API token'
    }
    Step 'restart' {
        Edit-Configuration
        Queue-Work
        Restart-Service $Service
        Must-Run
        Configuration-IsKept
        Work-IsDone
    }
    Step 'recovery' {
        $before = (Get-CimInstance Win32_Service -Filter "Name='$Service'").ProcessId
        Ensure ($before -gt 0) 'the service has no process'
        Stop-Process -Id $before -Force
        Wait-For 'the service runs in a new process' {
            $now = (Get-CimInstance Win32_Service -Filter "Name='$Service'").ProcessId
            $now -gt 0 -and $now -ne $before -and (Is-Running)
        }
    }
    # The life from the previous release on begins on a clean machine.
    if (-not $script:Blocked) { [void] (Install '/x' $New 'PURGE=1') }

    Step 'upgrade' -Essential {
        if (-not $Old) {
            Must-Install '/i' $New $Given
            Must-Run
            Edit-Configuration
            Queue-Work
            return
        }
        Must-Install '/i' $Old $Given
        Must-Run
        Edit-Configuration
        Queue-Work
        # Restart Manager finds the service in use and leaves it to the installer, which stops it: nobody has to restart.
        $code = Install '/i' $New
        Ensure ($code -eq 0) "msiexec ended with $code"
        $version = (Get-Item $Program).VersionInfo.FileVersion
        Ensure ($version -eq $script:Version) "the program has the version $version"
        $listed = @(Get-Listed)
        Ensure ($listed.Count -eq 1) "the list of programs has it $($listed.Count) times"
    }
    if (-not $Old) { $script:Steps[$script:Steps.Count - 1].verdict = 'not-run'; $script:Steps[$script:Steps.Count - 1].reason = $noPrevious -replace '^not run: ', '' }
    Step 'upgrade-configuration' { if (-not $Old) { throw $noPrevious }; Configuration-IsKept }
    Step 'upgrade-service' {
        if (-not $Old) { throw $noPrevious }
        Must-Run
        Set-Service $Service -StartupType Manual
        Stop-Service $Service
        Must-Install '/i' $New 'REINSTALL=ALL', 'REINSTALLMODE=amus'
        Ensure (-not (Is-Running)) 'a service that an administrator starts by hand was started'
        Ensure ((Get-CimInstance Win32_Service -Filter "Name='$Service'").StartMode -eq 'Manual') 'its start type was changed'
        [void] (Run 'sc.exe' 'config', $Service, 'start=', 'delayed-auto')
        Start-Service $Service
    }
    Step 'upgrade-work' { if (-not $Old) { throw $noPrevious }; Work-IsDone }
    Step 'reinstall' {
        Must-Install '/fa' $New
        Configuration-IsKept
        Work-IsKept
        Must-Run
    }
    Step 'repair' {
        Stop-Service $Service
        Remove-Item "$Folder\doc\README.md"
        Write-Text $Program 'damaged'
        Must-Install '/fa' $New
        Ensure (Test-Path "$Folder\doc\README.md") 'a deleted file stays so'
        Ensure ((Get-Item $Program).VersionInfo.FileVersion -eq $script:Version) 'a damaged file stays so'
        Configuration-IsKept
        Work-IsKept
        Must-Run
    }
    Step 'downgrade' {
        if (-not $Old) { throw $noPrevious }
        $code = Install '/i' $Old
        Ensure ($code -eq 1603) "msiexec ended with $code"
        Ensure ([IO.File]::ReadAllText($script:Logs[-1]) -match '(?i)newer version') 'nobody was told why it was refused'
        Configuration-IsKept
        Must-Run
    }
    Step 'remove' -Essential {
        Queue-Work
        Must-Install '/x' $New
        Ensure (-not (Test-Path $Program)) "$Program is still there"
        Ensure (-not (Get-Service $Service -ErrorAction SilentlyContinue)) 'the service is still registered'
        $code = Install '/x' $New
        Ensure ($code -eq 1605) "removed once more, msiexec ends with $code"
    }
    Step 'remove-keeps' { Configuration-IsKept; Work-IsKept }
    Step 'remove-leaves' {
        Ensure (-not (Test-Path $Folder)) "$Folder is still there"
        $path = [Environment]::GetEnvironmentVariable('PATH', 'Machine')
        Ensure (-not ($path -split ';' | Where-Object { $_.TrimEnd('\') -eq $Folder })) "PATH still names $Folder"
        Ensure (-not (Is-Listed)) 'the list of programs still has it'
        $source = "HKLM:\SYSTEM\CurrentControlSet\Services\EventLog\Application\$Service"
        Ensure (-not (Test-Path $source)) 'the source of events is still registered'
    }
    Step 'return' {
        # As a group policy that assigns the package to computers does it: the system itself, before anybody logs on, with a
        # transform of the site.
        $site = $Transform
        if (-not $site) { $site = New-Transform $New }
        $code = Install-AsSystem $New "INSTALLDIR=`"$Folder`" TRANSFORMS=`"$site`""
        Ensure ($code -eq 0) "msiexec, run by the system, ended with $code"
        Must-Run
        if (-not $Transform) {
            $variables = (Get-ItemProperty $ServiceKey).Environment
            Ensure ($variables -contains 'WATS_CLIENT_STATION_NAME=By transform') "the service has the variables $variables"
        }
        Configuration-IsKept
        Work-IsDone
    }
    Step 'purge' {
        Stop-Companion
        Must-Install '/x' $New 'PURGE=1'
        foreach ($path in $Folder, $Data, $Settings) { Ensure (-not (Test-Path $path)) "$path is still there" }
    }

    Step 'wrong-setting' {
        $wrong = 'SERVER_URL=ftp://wrong.test'
        $code = Install '/i' $New $wrong
        Ensure ($code -eq 1603) "an address that cannot be was taken: $code"
        Ensure (-not (Test-Path $Program) -and -not (Test-Path $Data)) 'what was refused has changed something'
        if (-not $Old) { Remark 'an upgrade was not refused: there is no previous release'; return }
        Start-Companion
        Must-Install '/i' $Old $Given
        Must-Run
        Edit-Configuration
        $code = Install '/i' $New $wrong
        Ensure ($code -eq 1603) "an address that cannot be was taken: $code"
        Ensure ((Get-Item $Program).VersionInfo.FileVersion -ne $script:Version) 'what was refused has changed the program'
        Must-Run
        Configuration-IsKept
        Stop-Companion
        Must-Install '/x' $Old 'PURGE=1'
    }
    Step 'script-fails' { throw 'not applicable: msiexec runs no scripts of the product' }
    Step 'disk-full' { throw 'not run: a hosted machine has no disk that can be filled; Wine takes this step' }
    Step 'killed' {
        if (-not $Old) { throw $noPrevious }
        Start-Companion
        Must-Install '/i' $Old $Given
        Must-Run
        Edit-Configuration
        Queue-Work
        $words = '/i', "`"$New`"", '/qn', '/norestart'
        $upgrade = Start-Process msiexec.exe -ArgumentList $words -PassThru
        Start-Sleep -Milliseconds 1500
        Get-Process msiexec -ErrorAction SilentlyContinue | Stop-Process -Force
        Ensure ($upgrade.WaitForExit(60000)) 'msiexec goes on after it was killed'
        Configuration-IsKept
        Work-IsKept
        # The installer first brings back what it had begun to change.
        $code = Install '/i' $New
        if ($code -eq 1704 -or $code -eq 1603) { Must-Install '/i' $New }
        Must-Run
        Configuration-IsKept
        Work-IsDone
        Stop-Companion
        Must-Install '/x' $New 'PURGE=1'
    }
    Step 'not-ready' {
        # An upgrade that fails at its very end, when the older version is gone already: all of it is undone.
        if (-not $Old) { throw $noPrevious }
        Start-Companion
        Must-Install '/i' $Old $Given
        Must-Run
        Edit-Configuration
        Queue-Work
        $former = (Get-Item $Program).VersionInfo.FileVersion
        $code = Install '/i' (New-FailingInstaller $New)
        Ensure ($code -eq 1603) "an upgrade that fails ended with $code"
        $version = (Get-Item $Program).VersionInfo.FileVersion
        Ensure ($version -eq $former) "after an upgrade that failed the program has the version $version"
        Must-Run
        Configuration-IsKept
        Work-IsKept
        Must-Install '/i' $New
        Must-Run
        Configuration-IsKept
        Work-IsDone
        Stop-Companion
        Must-Install '/x' $New 'PURGE=1'
    }
    Step 'reboot' { throw 'not run: restart the machine and run `Get-Service wats-client` by hand' }
    Step 'power-cut' { throw 'not run: nothing here cuts the power' }
    Step 'selinux' { throw 'not applicable: Windows has no SELinux' }
}

# Its keys in the list of programs.
function Get-Listed {
    $keys = Get-ChildItem 'HKLM:\Software\Microsoft\Windows\CurrentVersion\Uninstall'
    return $keys | Where-Object { $_.GetValue('DisplayName') -eq 'WATS Client' }
}

function Is-Listed { return @(Get-Listed).Count -gt 0 }

# ---- release and evidence ---------------------------------------------------------------------------------------

function Read-Release([string] $From) {
    $path = Join-Path $From 'release.json'
    if (-not (Test-Path $path)) { throw "$From holds no release.json; run ``landfall build`` first" }
    return Get-Content $path -Raw -Encoding UTF8 | ConvertFrom-Json
}

# The artifact of a format for x64, if it still is what the release says.
function Get-Artifact($From, [string] $Where, [string] $Format) {
    $artifact = @($From.artifacts | Where-Object { $_.format -eq $Format -and $_.target -like 'x86_64-*-windows-*' })[0]
    if (-not $artifact) { throw "$Where has no $Format for x86_64 Windows" }
    $file = (Resolve-Path (Join-Path $Where $artifact.path)).Path
    $hash = (Get-FileHash $file -Algorithm SHA256).Hash.ToLowerInvariant()
    if ($hash -ne $artifact.sha256) { throw "$file is not the file that release.json describes" }
    return [pscustomobject]@{ File = $file; Artifact = $artifact }
}

function New-Evidence($From, $Artifact, [string] $PreviousVersion, [string] $Started, [long] $Duration) {
    $system = Get-CimInstance Win32_OperatingSystem
    $platform = 'windows-10'
    if ($system.Caption -match 'Server') { $platform = 'windows-server' }
    elseif ($system.Caption -match 'IoT') { $platform = 'windows-iot-ltsc' }
    elseif ([int] $system.BuildNumber -ge 22000) { $platform = 'windows-11' }
    $evidence = [ordered]@{
        schema = 1; product = $From.product; title = $From.title; version = $From.version
    }
    if ($From.PSObject.Properties['commit']) { $evidence.commit = $From.commit }
    if ($PreviousVersion) { $evidence.previous = $PreviousVersion }
    $evidence.started = $Started
    $evidence.duration_ms = $Duration
    $evidence.machine = "$($system.Caption) $($system.Version), $env:PROCESSOR_ARCHITECTURE, $env:NUMBER_OF_PROCESSORS processors"
    $evidence.laboratories = @([ordered]@{
        id = 'windows'; title = $system.Caption; identity = "$($system.Caption) $($system.Version)"
        speaks_for = @([ordered]@{ platform = $platform; how = 'native' })
    })
    $evidence.runs = @([ordered]@{
        artifact = $Artifact.path; format = $Artifact.format; target = $Artifact.target; sha256 = $Artifact.sha256
        laboratory = 'windows'; duration_ms = $Duration; steps = @($script:Steps.ToArray())
    })
    $evidence.structure = @()
    return $evidence
}

# Tries the script's own parts.
function Test-Script {
    Step 'install' { Remark 'a remark' }
    Step 'files' { Ensure $false 'a failure' }
    Step 'health' { throw 'not applicable: a reason' }
    Step 'check' { throw 'not run: a reason' }
    Step 'service' -Essential { Run 'cmd.exe' '/c', "echo $Token & exit 3" | Out-Null; Ensure $false 'the end' }
    Step 'restart' { $null }
    $verdicts = ($script:Steps | ForEach-Object { $_.verdict }) -join ' '
    if ($verdicts -ne 'passed failed not-applicable not-run failed not-run') { throw "verdicts: $verdicts" }
    $text = ConvertTo-Json @($script:Steps.ToArray()) -Depth 8
    if ($text.Contains($Token)) { throw 'a secret stands in the evidence' }
    if ($script:Steps[4].commands[0].code -ne 3) { throw 'an exit code is lost' }
    if ($script:Steps[0].reason -ne 'a remark') { throw 'a remark is lost' }
    $source = Get-Content $PSCommandPath -Raw
    foreach ($id in $Known) { if ($source -notmatch "Step '$id'") { throw "the step $id is never taken" } }
    Write-Host 'the script is sound'
}

if ($SelfCheck) { Test-Script; exit 0 }

$identity = [Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()
if (-not $identity.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) {
    throw 'run it as administrator, on a machine that can be thrown away'
}
if (Test-Path $Data) { throw "$Data is there already: the scenario begins on a machine that never had the product" }

$release_ = Read-Release $Release
$script:Version = $release_.version
$new = Get-Artifact $release_ $Release 'msi'
$old = ''
$previousVersion = ''
if ($Previous) {
    $previous_ = Read-Release $Previous
    $old = (Get-Artifact $previous_ $Previous 'msi').File
    $previousVersion = $previous_.version
}
if ($Transform) { $Transform = (Resolve-Path $Transform).Path }
New-Item -ItemType Directory -Force $Work | Out-Null
$archive = (Get-Artifact $release_ $Release 'zip').File
Expand-Archive $archive "$Work\archive" -Force
Copy-Item (Get-ChildItem "$Work\archive" -Recurse -Filter "$Name.exe")[0].FullName "$Work\companion.exe"

$started = (Get-Date).ToUniversalTime().ToString('yyyy-MM-ddTHH:mm:ssZ')
$watch = [Diagnostics.Stopwatch]::StartNew()
try {
    Play $new.File $old
} finally {
    Stop-Companion
    $result = New-Evidence $release_ $new.Artifact $previousVersion $started $watch.ElapsedMilliseconds
    Write-Text ([IO.Path]::GetFullPath((Join-Path (Get-Location) $Evidence))) ($result | ConvertTo-Json -Depth 10)
}
$failures = @($script:Steps | Where-Object { $_.verdict -eq 'failed' }).Count
Write-Host "$failures steps failed; $Evidence"
if ($failures) { exit 8 }
